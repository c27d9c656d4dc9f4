# The server edition: `vpp serve` with its pages. The databases are in docker-compose.yml; the fleet file is mounted.
FROM node:20-bookworm-slim AS build
# better-sqlite3 is compiled where its prebuilt binary cannot be fetched.
RUN apt-get update && apt-get install -y --no-install-recommends python3 make g++ && rm -rf /var/lib/apt/lists/*
WORKDIR /plant
COPY package.json package-lock.json ./
COPY stubs stubs
RUN npm ci --ignore-scripts && npm rebuild better-sqlite3
COPY nest-cli.json tsconfig.json tsconfig.build.json vite.config.ts ./
COPY migrations migrations
COPY src src
COPY test test
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:20-bookworm-slim
ENV NODE_ENV=production VPP_HOST=0.0.0.0 VPP_PORT=8080 VPP_DATA_DIR=/var/lib/heliograph VPP_FLEET=/etc/heliograph/fleet.yaml
WORKDIR /plant
COPY --from=build /plant/package.json ./
COPY --from=build /plant/stubs stubs
COPY --from=build /plant/node_modules node_modules
COPY --from=build /plant/dist dist
COPY hardware hardware
COPY LICENSE ./
RUN install -d -o node -g node -m 700 /var/lib/heliograph
USER node
VOLUME /var/lib/heliograph
EXPOSE 8080
# A plant that an operator released is well; one that holds because something broke is not.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.VPP_PORT}/api/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGINT
ENTRYPOINT ["node", "dist/src/cli/main.js"]
CMD ["serve"]
