/*
 * The registers of one device on every address and unit id, answered by libmodbus: a server in which nothing is ours.
 *
 * stdin, a line each: first `START WORD WORD …` (the registers), then `silence UNITS` (units up to this one answer nothing)
 * and `served`. stdout: `listening PORT VERSION`; for each `served`: `served REQUESTS CPU_MS ADDRESS:COUNT:TIMES …` since the last.
 *
 * Requests are read here and not by modbus_receive, which waits by select() and so for no descriptor above 1,023.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <modbus.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_DESCRIPTORS = 65536, MOST_BLOCKS = 32, HEADER_BYTES = 6 };

struct connection {
  uint8_t bytes[MODBUS_TCP_MAX_ADU_LENGTH];
  int length;
};

static struct connection *connections[MOST_DESCRIPTORS];
static modbus_t *modbus;
static modbus_mapping_t *mapping;
static int silent_units;
static long requests;
static struct {
  int address, count, times;
} blocks[MOST_BLOCKS];
static int block_count;
static double cpu_ms_before;

static void give_up(const char *what) {
  perror(what);
  exit(1);
}

static double cpu_ms(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static void note_block(int address, int count) {
  for (int i = 0; i < block_count; i += 1)
    if (blocks[i].address == address && blocks[i].count == count) {
      blocks[i].times += 1;
      return;
    }
  if (block_count == MOST_BLOCKS) return;
  blocks[block_count].address = address;
  blocks[block_count].count = count;
  blocks[block_count++].times = 1;
}

static void tell_served(void) {
  double now_ms = cpu_ms();
  printf("served %ld %.1f", requests, now_ms - cpu_ms_before);
  for (int i = 0; i < block_count; i += 1) printf(" %d:%d:%d", blocks[i].address, blocks[i].count, blocks[i].times);
  printf("\n");
  fflush(stdout);
  requests = block_count = 0;
  cpu_ms_before = now_ms;
}

/* Answers whether there is more to come on stdin. */
static int obey(void) {
  char line[64];
  if (!fgets(line, sizeof line, stdin)) return 0;
  if (sscanf(line, "silence %d", &silent_units) != 1 && strncmp(line, "served", 6) == 0) tell_served();
  return 1;
}

static void hang_up(int fd) {
  free(connections[fd]);
  connections[fd] = NULL;
  close(fd);
}

static void answer(int fd, const uint8_t *frame, int length) {
  requests += 1;
  if (frame[HEADER_BYTES] <= silent_units) return;
  note_block(frame[8] << 8 | frame[9], frame[10] << 8 | frame[11]);
  modbus_set_socket(modbus, fd);
  modbus_reply(modbus, frame, length, mapping);
}

static void serve(int fd) {
  struct connection *connection = connections[fd];
  int got = read(fd, connection->bytes + connection->length, sizeof connection->bytes - connection->length);
  if (got <= 0) return hang_up(fd);
  connection->length += got;
  for (;;) {
    if (connection->length < HEADER_BYTES) return;
    int whole = HEADER_BYTES + (connection->bytes[4] << 8 | connection->bytes[5]);
    if (whole > (int)sizeof connection->bytes) return hang_up(fd);
    if (connection->length < whole) return;
    answer(fd, connection->bytes, whole);
    connection->length -= whole;
    memmove(connection->bytes, connection->bytes + whole, connection->length);
  }
}

static void watch(int epoll, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) give_up("epoll");
}

static void greet(int epoll, int listener) {
  int on = 1;
  int fd = accept(listener, NULL, NULL);
  if (fd < 0 || fd >= MOST_DESCRIPTORS) return;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connections[fd] = calloc(1, sizeof(struct connection));
  watch(epoll, fd);
}

static void read_registers(void) {
  static char line[65536];
  if (!fgets(line, sizeof line, stdin)) give_up("registers");
  uint16_t words[1024];
  int count = 0;
  int start = atoi(strtok(line, " \n"));
  for (char *word = strtok(NULL, " \n"); word && count < 1024; word = strtok(NULL, " \n")) words[count++] = atoi(word);
  mapping = modbus_mapping_new_start_address(0, 0, 0, 0, start, count, 0, 0);
  if (!mapping) give_up("mapping");
  memcpy(mapping->tab_registers, words, count * sizeof *words);
}

static int listening(void) {
  struct sockaddr_in any = {.sin_family = AF_INET};
  socklen_t size = sizeof any;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *)&any, sizeof any) || listen(listener, 4096)) give_up("listen");
  getsockname(listener, (struct sockaddr *)&any, &size);
  printf("listening %d %s\n", ntohs(any.sin_port), LIBMODBUS_VERSION_STRING);
  fflush(stdout);
  return listener;
}

int main(void) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  setvbuf(stdin, NULL, _IONBF, 0);
  modbus = modbus_new_tcp(NULL, 0);
  read_registers();
  int epoll = epoll_create1(0);
  int listener = listening();
  watch(epoll, listener);
  watch(epoll, STDIN_FILENO);
  for (;;) {
    struct epoll_event events[256];
    int count = epoll_wait(epoll, events, 256, -1);
    if (count < 0 && errno != EINTR) give_up("epoll_wait");
    for (int i = 0; i < count; i += 1) {
      int fd = events[i].data.fd;
      if (fd == listener) greet(epoll, listener);
      else if (fd != STDIN_FILENO) serve(fd);
      else if (!obey()) return 0;
    }
  }
}
