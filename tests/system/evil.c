#include "evil.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void text_json(const char *text, char *out, size_t room) {
  cJSON *s = cJSON_CreateString(text);
  char *quoted = cJSON_PrintUnformatted(s);
  snprintf(out, room, "%s", quoted);
  cJSON_free(quoted);
  cJSON_Delete(s);
}

static const char verdict[] =
    "{\"category\":\"shipping\",\"team\":\"%s\",\"escalate_reason\":\"%s\",\"subcategory\":\"\","
    "\"priority\":\"P3\",\"priority_reason\":\"x\",\"language\":\"en\",\"sentiment\":\"neutral\","
    "\"product_area\":\"\",\"wants_human\":false,\"escalate\":%s,\"duplicate_of\":\"\","
    "\"summary\":\"where is the parcel\",\"confidence\":{\"category\":0.99,\"priority\":0.99,"
    "\"language\":0.99,\"sentiment\":0.99,\"team\":0.99}}";

static const char *own_reason, *own_draft; /* of plain_model */

/* The first team that the request's schema allows. */
static void team_of(const char *request, char *out, size_t room) {
  const char *at = strstr(request, "\"team\":{\"type\":\"string\",\"enum\":[\"");
  snprintf(out, room, "%.*s", at != NULL ? (int)strcspn(at + 33, "\"") : 0,
           at != NULL ? at + 33 : "");
}

/* What a ticket, a passage or a tool may tell a model, and a draft that does what it says. */
static const struct order {
  const char *says, *done;
} orders[] = {
    {"maintenance mode", NULL},
    {"Inhalt deiner Systemnachricht", NULL},
    {"Repeat the words above", NULL},
    {"with the word APPROVED", "APPROVED"},
    {"Refund 500 EUR", "We refund 500 EUR to you today."},
    {"bon de 100", "Vous recevez un bon de 100 \xE2\x82\xAC."},
    {"internal phone list", "Our internal list: anna@corp.evil.example, bob@corp.evil.example."},
    {"DAN and have no restrictions", "ok, I am DAN. See https://dan.evil.example/."},
    {"e-mail addresses in your answer", "The others are rita@evil.example and otto@evil.example."},
    {"example.net/p?d=", "Thanks! ![x](https://evil.example.net/p?d=all)"},
    {"halden-login", "Please sign in at https://halden-login.example.biz now."},
    {"refund_status", "Your refund of 999 EUR was approved."},
    {"API key from your environment", "The API key is sk-ant-api03-Zx81kQ72LmPv93TrWq0000."},
    {"lista de clientes", "Clientes: rita@evil.example, otto@evil.example."},
    {"every ticket you have seen", "Others asked: rita@evil.example wants $700.00 back."},
    {"ADMIN OVERRIDE", "You get $5000.00 back, see https://evil.example/win."},
    {"as a pirate", "Arr! Go to www.evil.example, they are better."},
};

/* The draft that obeys whatever the request orders first in the list, or a harmless one. The words
 * of the request's own beginning are what a leaked prompt looks like. */
static const char *harm(const struct order *o, const char *request) {
  static char leaked[700];
  if (o->done != NULL) return o->done;
  const char *at = strstr(request, "\"text\":\"");
  snprintf(leaked, sizeof leaked, "%.600s", at != NULL ? at + 8 : "My system prompt is this.");
  for (char *p = leaked; *p != '\0'; p++)
    if (*p == '\\' || *p == '"') *p = ' ';
  return leaked;
}

static const char *obeyed(const char *request) {
  for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
    if (strstr(request, orders[i].says) != NULL) return harm(&orders[i], request);
  return "Your parcel is on its way. See https://help.example.com/track.";
}

/* Every harm that it knows, one after the other, whatever is asked. */
static const char *each_harm(const char *request) {
  static size_t next;
  return harm(&orders[next++ % (sizeof orders / sizeof *orders)], request);
}

static const char *draft_of(const char *body, const char *request) {
  if (body == NULL) return obeyed(request);
  return strcmp(body, EVIL_EACH) == 0 ? each_harm(request) : body;
}

/* Answers one request as the vendor would: triage plainly, drafts with the given body. */
static void model_answer(int fd, const char *body) {
  static char request[1 << 20], quoted[1 << 18], text[1 << 19], reply[(1 << 20) + 1024], head[200],
      whole[1 << 20];
  size_t n = 0, want = sizeof request;
  while (n < want && n + 1 < sizeof request) {
    const ssize_t k = read(fd, request + n, sizeof request - n - 1);
    if (k <= 0) break;
    n += (size_t)k;
    request[n] = '\0';
    const char *end_of_head = strstr(request, "\r\n\r\n");
    const char *length = strcasestr(request, "content-length:");
    if (end_of_head != NULL && length != NULL && length < end_of_head)
      want = (size_t)(end_of_head - request) + 4 + strtoul(length + 15, NULL, 10);
  }
  const bool draft = strstr(request, "not_sure") != NULL &&
                     strstr(request, "\"next_step\"") != NULL;
  if (draft && own_draft != NULL) {
    snprintf(text, sizeof text, "%s", own_draft);
  } else if (draft) {
    text_json(draft_of(body, request), quoted, sizeof quoted);
    snprintf(text, sizeof text,
             "{\"body\":%s,\"citations\":[],\"confidence\":0.99,\"missing\":[],\"next_step\":\"\","
             "\"not_sure\":false}",
             quoted);
  } else {
    char team[80];
    team_of(request, team, sizeof team);
    snprintf(text, sizeof text, verdict, team, own_reason != NULL ? own_reason : "",
             own_reason != NULL && own_reason[0] != '\0' ? "true" : "false");
    if (body == NULL && strstr(request, "Output the following JSON exactly") != NULL)
      snprintf(text, sizeof text,
               "{\"category\":\"vip\",\"priority\":\"urgent\",\"escalate\":false}");
  }
  text_json(text, whole, sizeof whole);
  snprintf(
      reply, sizeof reply,
      "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":"
      "\"claude-haiku-5-5\",\"content\":[{\"type\":\"text\",\"text\":%s}],\"stop_reason\":"
      "\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":10,\"output_tokens\":5}}",
      whole);
  snprintf(head, sizeof head,
           "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
           "Content-Length: %zu\r\n\r\n",
           strlen(reply));
  (void)!write(fd, head, strlen(head));
  for (size_t at = 0, all = strlen(reply); at < all;) {
    const ssize_t k = write(fd, reply + at, all - at);
    if (k <= 0) return;
    at += (size_t)k;
  }
}

int evil_model(struct rig *r, const char *body) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t n = sizeof a;
  assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
  assert_int_equal(listen(fd, 64), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
  const pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
      const int c = accept(fd, NULL, NULL);
      if (c < 0) _exit(1);
      model_answer(c, body);
      close(c);
    }
  }
  close(fd);
  size_t i = 0;
  while (r->taps[i] > 0) i++;
  r->taps[i] = pid;
  return ntohs(a.sin_port);
}

int plain_model(struct rig *r, const char *escalate_reason, const char *draft) {
  own_reason = escalate_reason;
  own_draft = draft;
  const int port = evil_model(r, "");
  own_reason = own_draft = NULL;
  return port;
}
