#include "net/exchange.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "net/carrier.h"
#include "net/failure.h"
#include "net/url.h"

#define HEAD_MAX         ((size_t)64 << 10)
#define HEADERS_MAX      256
#define BODY_MAX_DEFAULT ((size_t)16 << 20)
#define KEEP_ROOM        ((size_t)32 << 10) /* larger buffers are not kept for the next exchange */
#define WRITE_IDLE_S     2L
#define CONNECT_MS       10000
#define READ_BYTES       2048L  /* of curl's own buffer, one for each exchange under way */
#define SEND_BYTES       16384L /* likewise, while a body in parts is being sent; curl's least */
#define TIMEOUT_MS       60000

/* What the caller's struct has beyond its own size reads as zero. */
static struct trg_http_request widened(const struct trg_http_request *r) {
  struct trg_http_request all = {0};
  memcpy(&all, r, r->size != 0 && r->size < sizeof all ? r->size : sizeof all);
  return all;
}

struct exchange *exchange_new(struct http *h) {
  struct exchange *e = mem_alloc(sizeof *e);
  e->http = h;
  e->easy = curl_easy_init();
  BUG_UNLESS(e->easy != NULL);
  buf_init(&e->request_body, 0);
  buf_init(&e->body, 0);
  buf_init(&e->head, HEAD_MAX);
  return e;
}

void exchange_free(struct exchange *e) {
  curl_easy_cleanup(e->easy);
  curl_slist_free_all(e->headers);
  buf_free(&e->request_body);
  buf_free(&e->body);
  buf_free(&e->head);
  buf_free(&e->stream);
  buf_free(&e->piece);
  mem_free(e);
}

static void buf_again(struct buf *b) {
  if (b->room > KEEP_ROOM) buf_free(b);
  buf_reset(b);
}

void exchange_reset(struct exchange *e) {
  curl_easy_reset(e->easy);
  curl_slist_free_all(e->headers);
  buf_again(&e->request_body);
  buf_again(&e->body);
  buf_again(&e->head);
  buf_free(&e->stream);
  buf_free(&e->piece);
  *e = (struct exchange){.http = e->http,
                         .easy = e->easy,
                         .older = e->older,
                         .newer = e->newer,
                         .request_body = e->request_body,
                         .body = e->body,
                         .head = e->head};
}

static size_t write_cb(char *p, size_t size, size_t count, void *arg) {
  struct exchange *e = arg;
  const size_t n = size * count;
  if (e->stopped) return 0;
  if (n > e->body_max - e->body_seen) {
    e->over = true;
    (void)snprintf(e->ceiling, sizeof e->ceiling, "the answer is larger than %zu bytes",
                   e->body_max);
    if (e->on_data == NULL) buf_add(&e->body, p, e->body_max - e->body_seen);
    return 0;
  }
  e->body_seen += n;
  if (e->on_data == NULL) {
    buf_add(&e->body, p, n);
    return n;
  }
  long status = 0;
  (void)curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, &status);
  carrier_told(e->carrier, e, (int)status, (struct trg_str){p, n});
  return n;
}

/* Keeps "name\0value\0" pairs; a new status line (100, then 200) begins anew. */
static size_t head_cb(char *p, size_t size, size_t count, void *arg) {
  struct exchange *e = arg;
  const size_t n = size * count;
  struct trg_str line = {p, n};
  if (str_starts(line, "HTTP/")) {
    buf_reset(&e->head);
    return n;
  }
  const char *colon = memchr(p, ':', n);
  if (colon == NULL) return n;
  const size_t name_n = (size_t)(colon - p);
  const struct trg_str value = str_trim((struct trg_str){colon + 1, n - name_n - 1});
  for (size_t i = 0; i < name_n; i++)
    buf_char(&e->head, p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] + 32) : p[i]);
  buf_char(&e->head, '\0');
  buf_str(&e->head, value);
  buf_char(&e->head, '\0');
  if (!e->head.over) return n;
  e->over = true;
  (void)snprintf(e->ceiling, sizeof e->ceiling, "the answer's headers are larger than %zu bytes",
                 HEAD_MAX);
  return 0;
}

static bool has_break(struct trg_str s) {
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0') return true;
  return false;
}

static void header_append(struct exchange *e, const char *text) {
  struct curl_slist *longer = curl_slist_append(e->headers, text);
  BUG_UNLESS(longer != NULL);
  e->headers = longer;
}

static int headers_fill(struct exchange *e, const struct trg_http_request *r) {
  bool has_type = false;
  struct buf line;
  buf_init(&line, HEAD_MAX);
  for (size_t i = 0; i < r->header_count; i++) {
    const struct trg_header *h = &r->headers[i];
    if (h->name.n == 0 || has_break(h->name) || has_break(h->value)) {
      buf_free(&line);
      (void)snprintf(e->why, sizeof e->why, "a request header is empty or holds a line break");
      return TRG_EINVAL;
    }
    has_type = has_type || str_is_nocase(h->name, "content-type");
    buf_reset(&line);
    buf_str(&line, h->name);
    buf_text(&line, h->value.n == 0 ? ";" : ": "); /* curl drops a header that ends in ":" */
    buf_str(&line, h->value);
    header_append(e, line.p);
  }
  buf_free(&line);
  header_append(e, "Expect:"); /* no waiting for a 100 before large bodies */
  if (!has_type) header_append(e, "Content-Type:");
  (void)curl_easy_setopt(e->easy, CURLOPT_HTTPHEADER, e->headers);
  return 0;
}

static bool method_is_word(const char *method) {
  for (const char *m = method; *m != '\0'; m++)
    if (*m < 'A' || *m > 'Z') return false;
  return method[0] != '\0';
}

static bool method_has_body(const char *method) {
  return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0;
}

static size_t part_read(struct trg_str part, size_t *at, char *to, size_t room) {
  if (*at >= part.n) {
    *at -= part.n;
    return 0;
  }
  const size_t left = part.n - *at;
  const size_t n = left < room ? left : room;
  memcpy(to, part.p + *at, n);
  *at = 0;
  return n;
}

static size_t read_cb(char *to, size_t size, size_t count, void *arg) {
  struct exchange *e = arg;
  const size_t room = size * count;
  size_t at = e->upload_at;
  if (e->stopped) return CURL_READFUNC_ABORT;
  size_t n = part_read(e->upload[0], &at, to, room);
  if (n < room) n += part_read(e->upload[1], &at, to + n, room - n);
  e->upload_at += n;
  if (e->upload_at == e->upload_bytes) carrier_uploaded(e->carrier, e);
  return n;
}

/* curl would begin again, silently, when a kept connection dies under a request of which a part was
 * sent. The peer may have done it, and whether it is asked once more is not curl's to decide. */
static int seek_cb(void *arg, curl_off_t offset, int origin) {
  const struct exchange *e = arg;
  return origin == SEEK_SET && offset == 0 && e->upload_at == 0 ? CURL_SEEKFUNC_OK
                                                                : CURL_SEEKFUNC_FAIL;
}

/* curl keeps its buffer until the handle is freed, which is longer than a model thinks: a thousand
 * calls would hold 16 MiB of what was sent already. Setting the size is what frees it. */
bool exchange_upload_end(struct exchange *e) {
  curl_off_t sent = 0;
  (void)curl_easy_getinfo(e->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
  if ((size_t)sent != e->upload_bytes) return false;
  (void)curl_easy_setopt(e->easy, CURLOPT_UPLOAD_BUFFERSIZE, SEND_BYTES);
  return true;
}

static void parts_fill(struct exchange *e, struct trg_str head, struct trg_str body) {
  e->upload[0] = head;
  e->upload[1] = body;
  e->upload_bytes = head.n + body.n;
  (void)curl_easy_setopt(e->easy, CURLOPT_UPLOAD_BUFFERSIZE, SEND_BYTES);
  (void)curl_easy_setopt(e->easy, CURLOPT_READFUNCTION, read_cb);
  (void)curl_easy_setopt(e->easy, CURLOPT_READDATA, e);
  (void)curl_easy_setopt(e->easy, CURLOPT_SEEKFUNCTION, seek_cb);
  (void)curl_easy_setopt(e->easy, CURLOPT_SEEKDATA, e);
}

static int body_fill(struct exchange *e, const struct trg_http_request *r) {
  /* A signature covers the body, which curl must see in one piece for that. */
  const bool joined = r->sigv4.n > 0 && r->body_head.n > 0;
  /* Nor may it go away under curl, which reads it without asking us. */
  const bool stays = r->sigv4.n == 0 && (r->flags & TRG_HTTP_BODY_STAYS) != 0;
  const size_t bytes = r->body_head.n + r->body.n;
  if (joined) buf_str(&e->request_body, r->body_head);
  if (!stays) buf_str(&e->request_body, r->body);
  if (e->request_body.over || bytes > BUF_MAX_DEFAULT) {
    (void)snprintf(e->why, sizeof e->why, "the request is larger than %zu bytes", BUF_MAX_DEFAULT);
    return TRG_ELIMIT;
  }
  const struct trg_str own = stays ? r->body : buf_view(&e->request_body);
  (void)curl_easy_setopt(e->easy, CURLOPT_POST, 1L);
  if (bytes > 0 && r->sigv4.n == 0)
    parts_fill(e, r->body_head, own);
  else
    (void)curl_easy_setopt(e->easy, CURLOPT_POSTFIELDS, own.p);
  (void)curl_easy_setopt(e->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)bytes);
  return 0;
}

static int method_fill(struct exchange *e, const struct trg_http_request *r) {
  const char *method = r->method == NULL ? "GET" : r->method;
  if (!method_is_word(method)) {
    (void)snprintf(e->why, sizeof e->why, "the request's method is not a word in capitals");
    return TRG_EINVAL;
  }
  if (strcmp(method, "HEAD") == 0) {
    (void)curl_easy_setopt(e->easy, CURLOPT_NOBODY, 1L);
    return 0;
  }
  const bool body = r->body.n > 0 || r->body_head.n > 0 || method_has_body(method);
  const int rc = body ? body_fill(e, r) : 0;
  /* What curl does not choose by itself: GET without a body, POST with one. */
  if (rc == 0 && strcmp(method, body ? "POST" : "GET") != 0)
    (void)curl_easy_setopt(e->easy, CURLOPT_CUSTOMREQUEST, method);
  return rc;
}

static void safety_fill(struct exchange *e, const struct url *u) {
  CURL *c = e->easy;
  (void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  (void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, u->https ? "https" : "http");
  (void)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
  (void)curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
  (void)curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
  (void)curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  (void)curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
  (void)curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  (void)curl_easy_setopt(c, CURLOPT_TCP_NODELAY, 1L);
  (void)curl_easy_setopt(c, CURLOPT_USERAGENT, "triaged");
  if (u->https) {
    (void)curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    (void)curl_easy_setopt(c, CURLOPT_PIPEWAIT, 1L);
  }
  if (u->loopback) (void)curl_easy_setopt(c, CURLOPT_PROXY, "");
}

static int secrets_fill(struct exchange *e, const struct trg_http_request *r) {
  if (r->sigv4.n == 0) return 0;
  char *how = mem_dup_str(r->sigv4);
  char *who = mem_dup_str(r->userpwd);
  const CURLcode rc = curl_easy_setopt(e->easy, CURLOPT_AWS_SIGV4, how);
  (void)curl_easy_setopt(e->easy, CURLOPT_USERPWD, who);
  memset(who, 0, r->userpwd.n);
  mem_free(how);
  mem_free(who);
  if (rc == CURLE_OK) return 0;
  (void)snprintf(e->why, sizeof e->why, "the request can not be signed: %s",
                 curl_easy_strerror(rc));
  return TRG_EINVAL;
}

static int origin_check(struct exchange *e, struct trg_str text, struct origins *known,
                        struct url *ret) {
  for (size_t i = 0; i < known->count; i++)
    if (url_begins(text, &known->list[i])) {
      *ret = known->list[i];
      return 0;
    }
  struct trg_err err = {0};
  if (url_parse(text, ret, &err) != 0 || url_check(ret, &err) != 0) {
    (void)snprintf(e->why, sizeof e->why, "%.250s", err.text);
    return TRG_EINVAL;
  }
  const size_t room = sizeof known->list / sizeof known->list[0];
  known->list[known->next] = *ret;
  known->next = (known->next + 1) % room;
  if (known->count < room) known->count++;
  return 0;
}

static int url_fill(struct exchange *e, struct trg_str text, struct origins *known, struct url *u) {
  if (origin_check(e, text, known, u) != 0) return TRG_EINVAL;
  char *z = mem_dup_str(text);
  const CURLcode rc = curl_easy_setopt(e->easy, CURLOPT_URL, z);
  mem_free(z);
  return rc == CURLE_OK ? 0 : TRG_EINVAL;
}

int exchange_fill(struct exchange *e, const struct http_call *call, struct origins *known) {
  const struct trg_http_request r = widened(call->request);
  CURL *c = e->easy;
  e->on_reply = call->on_reply;
  e->on_data = call->on_data;
  e->arg = call->arg;
  e->body_max = r.body_max_bytes == 0 ? BODY_MAX_DEFAULT : r.body_max_bytes;
  e->body.max = e->body_max + 1;
  struct url u;
  if (url_fill(e, r.url, known, &u) != 0 || method_fill(e, &r) != 0 || headers_fill(e, &r) != 0 ||
      secrets_fill(e, &r) != 0)
    return TRG_EINVAL;
  safety_fill(e, &u);
  const int64_t connect_ms = call->connect_timeout_ms > 0 ? call->connect_timeout_ms : CONNECT_MS;
  const int64_t total_ms = r.timeout_ms > 0 ? r.timeout_ms : TIMEOUT_MS;
  (void)curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
  (void)curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)total_ms);
  (void)curl_easy_setopt(c, CURLOPT_BUFFERSIZE, READ_BYTES);
  (void)curl_easy_setopt(c, CURLOPT_PRIVATE, e);
  (void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, e->why);
  (void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, write_cb);
  (void)curl_easy_setopt(c, CURLOPT_WRITEDATA, e);
  (void)curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, head_cb);
  (void)curl_easy_setopt(c, CURLOPT_HEADERDATA, e);
  if (e->on_data == NULL) (void)curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "");
  /* A kept connection that the peer closes under a write leaves it uncertain, so only one that was
   * used a moment ago is good enough; and none for what curl could repeat by itself (seek_cb). */
  if ((r.flags & TRG_HTTP_WRITE) != 0) {
    (void)curl_easy_setopt(c, CURLOPT_MAXAGE_CONN, WRITE_IDLE_S);
    if (e->upload_bytes == 0) (void)curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
  }
  return 0;
}

static bool was_sent(const struct exchange *e) {
  switch (e->code) {
  case CURLE_OK:
  case CURLE_SEND_FAIL_REWIND:
    return true;
  case CURLE_FAILED_INIT:
  case CURLE_UNSUPPORTED_PROTOCOL:
  case CURLE_URL_MALFORMAT:
  case CURLE_COULDNT_RESOLVE_PROXY:
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_CONNECT:
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_ISSUER_ERROR:
  case CURLE_PROXY:
    return false;
  default:
    break;
  }
  /* Set when the connection stands and the request is about to be written. */
  curl_off_t us = 0;
  (void)curl_easy_getinfo(e->easy, CURLINFO_PRETRANSFER_TIME_T, &us);
  return us > 0;
}

static size_t headers_read(const struct exchange *e, struct trg_header *out, size_t room) {
  size_t n = 0;
  for (size_t at = 0; at < e->head.n && n < room;) {
    const char *name = e->head.p + at;
    const size_t name_n = strlen(name);
    const char *value = name + name_n + 1;
    out[n++] = (struct trg_header){{name, name_n}, {value, strlen(value)}};
    at += name_n + out[n - 1].value.n + 2;
  }
  return n;
}

void exchange_tell(struct exchange *e) {
  struct trg_header headers[HEADERS_MAX];
  struct trg_http_reply reply = {.size = sizeof reply, .headers = headers};
  long status = 0;
  const bool whole = e->code == CURLE_OK || e->ended;
  (void)curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, &status);
  reply.status = whole && !e->over ? (int32_t)status : 0;
  reply.sent = was_sent(e);
  if (e->head.n > 0 && !e->head.over) reply.header_count = headers_read(e, headers, HEADERS_MAX);
  reply.body = buf_view(&e->body);
  char why[2 * CURL_ERROR_SIZE];
  if (reply.status == 0) {
    failure_say(why, sizeof why, e->easy, e->code, reply.sent, e->why);
    reply.why = str_of(e->over ? e->ceiling : why);
  }
  e->on_reply(e->arg, &reply);
}
