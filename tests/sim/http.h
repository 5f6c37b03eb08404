/* HTTP: one exchange is one request and its reply. Routes fill in the reply; the server sends it,
 * after the delay and with the fault that were decided. */
#ifndef SIM_HTTP_H
#define SIM_HTTP_H

#include "sim.h"

#include <cjson/cJSON.h>

struct MHD_Connection;

enum { CAPTURE_MAX = 4, HEADER_MAX = 24 };

struct header {
  char *name, *value;
};

struct exchange {
  struct sim *sim;
  struct MHD_Connection *connection;
  const struct vendor *vendor;
  const struct route *route;
  void *state; /* the vendor's own */
  char method[12];
  char *path;
  char *capture[CAPTURE_MAX]; /* the segments that stood for {} */
  char *split;
  struct buf body;
  bool too_large;
  cJSON *json; /* parsed on demand */
  enum fault_kind fault;
  uint64_t user; /* the vendor's idea of who asks */
  unsigned grants;
  /* the reply */
  int status;
  const char *content_type;
  struct buf out;
  struct header headers[HEADER_MAX];
  size_t header_count;
  int64_t delay_ms;
  bool stream; /* server-sent events: one piece at a time, no length */
  bool ready, parked;
};

/* Query parameter or header by name, NULL when absent. */
const char *exchange_query(const struct exchange *x, const char *name);
const char *exchange_header(const struct exchange *x, const char *name);
int64_t exchange_query_int(const struct exchange *x, const char *name, int64_t otherwise);
/* The body as JSON, or NULL when it is not. */
cJSON *exchange_json(struct exchange *x);

/* The faults novel and astray: changes a JSON reply that is made. */
void twist(struct exchange *x);
/* The faults meddle and rival: an agent tags the ticket that the request names, or answers it. */
void intrude(struct exchange *x);

/* Starts the reply anew and returns the buffer for its body. */
struct buf *reply_json(struct exchange *x, int status);
struct buf *reply_text(struct exchange *x, int status, const char *content_type);
void reply_header(struct exchange *x, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Picks vendor and route, draws the fault, answers. */
void exchange_answer(struct exchange *x);
/* The /sim endpoints. */
void control_answer(struct exchange *x);
/* POST /sim/act: what somebody does to a ticket now. */
void control_act(struct exchange *x);
void control_refuse(struct exchange *x, int status, const char *why);
/* The ticket by the vendor's id or that of its line, or NULL when it has answered 404. */
struct ticket *control_meant(struct exchange *x, const char *desk, const char *id,
                             struct desk **ret_desk);

struct server *server_open(struct sim *s, uint16_t port);
uint16_t server_port(const struct server *server);
/* Serves until stop_fd becomes readable. */
void server_run(struct server *server, int stop_fd);
void server_close(struct server *server);

#endif
