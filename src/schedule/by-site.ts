/** What stands at each site. */
export const bySite = <Device extends { readonly siteId: string }>(devices: readonly Device[]): ReadonlyMap<string, readonly Device[]> => {
  const groups = new Map<string, Device[]>();
  for (const device of devices) {
    const group = groups.get(device.siteId);
    if (group) group.push(device);
    else groups.set(device.siteId, [device]);
  }
  return groups;
};
