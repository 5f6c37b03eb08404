/* 200 agents at once, each with a session and an open stream, in little memory. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "rig.h"

#define SESSIONS   200
#define MEMORY_KIB (64 * 1024)

static struct rig R;
static int Port;

static int begin(void **state) {
  (void)state;
  char listen[64];
  rig_open(&R);
  Port = rig_port();
  snprintf(listen, sizeof listen, "listen: \"127.0.0.1:%d\"", Port);
  rig_tickets(&R, 3);
  rig_sim(&R, "");
  rig_conf(&R, "listen: \"off\"", listen, NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", 3);
  return 0;
}

static int end(void **state) {
  (void)state;
  rig_close(&R);
  return 0;
}

static int dial(void) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)Port)};
  const struct timeval wait = {20, 0};
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  assert_true(fd >= 0);
  assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait), 0);
  assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
  return fd;
}

/* Sends one request; what comes until `needle` has come. */
static void ask(int fd, const char *method, const char *session, const char *body,
                const char *needle, char *ret, size_t room) {
  char text[1200];
  size_t n = 0;
  snprintf(text, sizeof text,
           "%s /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: "
           "application/json, text/event-stream\r\n%s%s%sContent-Length: %zu\r\n\r\n%s",
           method, session[0] != '\0' ? "Mcp-Session-Id: " : "", session,
           session[0] != '\0' ? "\r\n" : "", strlen(body), body);
  assert_int_equal(send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
  ret[0] = '\0';
  while (strstr(ret, needle) == NULL) {
    const ssize_t got = recv(fd, ret + n, room - n - 1, 0);
    if (got <= 0) fail_msg("no %s in: %s", needle, ret);
    n += (size_t)got;
    ret[n] = '\0';
    if (n + 1 == room) fail_msg("too much: %.200s", ret);
  }
}

static long peak_kib(void) {
  char path[64], line[200];
  long kib = 0;
  snprintf(path, sizeof path, "/proc/%d/status", (int)R.daemon);
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  while (fgets(line, sizeof line, f) != NULL)
    if (strncmp(line, "VmHWM:", 6) == 0) kib = strtol(line + 6, NULL, 10);
  fclose(f);
  return kib;
}

static void test_200_sessions_with_streams_fit_into_64_mib(void **state) {
  (void)state;
  static int streams[SESSIONS], calls[SESSIONS];
  static char ids[SESSIONS][64], answer[200000];
  for (int i = 0; i < SESSIONS; i++) {
    calls[i] = dial();
    ask(calls[i], "POST", "",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
        "\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}}}",
        "serverInfo", answer, sizeof answer);
    const char *id = strstr(answer, "Mcp-Session-Id: ");
    assert_non_null(id);
    snprintf(ids[i], sizeof ids[i], "%.32s", id + 16);
    streams[i] = dial();
    ask(streams[i], "GET", ids[i], "", ": open", answer, sizeof answer);
  }
  for (int i = 0; i < SESSIONS; i++)
    ask(calls[i], "POST", ids[i],
        "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/"
        "call\",\"params\":{\"name\":\"get_ticket\","
        "\"arguments\":{\"ref\":\"shop/1\"}}}",
        "structuredContent", answer, sizeof answer);
  for (int k = 0; k < 2 * SESSIONS; k++) /* one caller's limit is no hindrance to its sessions */
    ask(calls[k % SESSIONS], "POST", ids[k % SESSIONS],
        "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"ping\"}", "\"result\":{}", answer,
        sizeof answer);
  const long kib = peak_kib();
  print_message("# 200 sessions, 400 connections: peak %ld KiB\n", kib);
  if (getenv("TEST_SANITIZED") == NULL && strstr(getenv("TRIAGED"), "sanitize") == NULL)
    assert_true(kib < MEMORY_KIB);
  for (int i = 0; i < SESSIONS; i++) {
    close(streams[i]);
    close(calls[i]);
  }
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_200_sessions_with_streams_fit_into_64_mib)};
  return cmocka_run_group_tests_name("system mcp load", tests, begin, end);
}
