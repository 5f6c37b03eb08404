/*
 * Reading one case whole: the statuses of cases (kept for an hour), the case, its mails, comments
 * and posts, and (unless it is brand-new) its history. The case comes first, so that its version
 * is never newer than what was said in it: a change in between makes the next write look again.
 */
#include <string.h>

#include "salesforce.h"

#define STATUSES_AGE_MS INT64_C(3600000) /* an administrator may add one at any time */
#define PAGES_MAX       200
#define RESTARTS_MAX    3

static void case_ask(struct sf_call *call);
static void list_ask(struct sf_call *call);

bool salesforce_id_take(struct sf_call *call, struct trg_str id) {
  if (!salesforce_is_id(id, "500") || !salesforce_id18(id, call->id18)) {
    salesforce_end(call, TRG_REJECTED, TRG_CODE_PERMANENT,
                   "a case's id has 15 or 18 characters and begins with 500");
    return false;
  }
  call->id = hd_str(call->id18);
  return true;
}

/* ---- statuses ---- */

static void statuses_ask(struct sf_call *call);

/* A user who may not read them still sees whether a case is closed; only history and closing need
 * the names. */
static void statuses_failed(struct sf_call *call, const struct trg_http_reply *reply) {
  struct sf *self = call->self;
  if (salesforce_columns_drop(self, salesforce_status_columns(call->asked_without), reply)) {
    statuses_ask(call);
  } else if (salesforce_error_is(reply, "INVALID_TYPE")) {
    self->host->log(
        self->inst, TRG_WARN, "object_absent",
        (const char *const[]){"object", "CaseStatus", "why", "not readable for this user", NULL});
    self->statuses_at_ms = self->host->now_ms();
    call->whole(call);
  } else {
    salesforce_fail(call, reply, "while reading the statuses of cases");
  }
}

static void on_statuses(struct sf_call *call, const struct trg_http_reply *reply) {
  struct sf *self = call->self;
  struct trg_err err = {{0}, {0}, 0};
  if (!hd_ok(reply)) {
    statuses_failed(call, reply);
    return;
  }
  if (salesforce_statuses_read(&self->statuses, reply->body, &err) != 0) {
    salesforce_fail_malformed(call, reply, &err);
    return;
  }
  self->statuses_at_ms = self->host->now_ms();
  call->whole(call);
}

static void statuses_ask(struct sf_call *call) {
  struct hd_buf soql = hd_buf_new(1024);
  call->asked_without = call->self->without;
  salesforce_put_status_query(&soql, call->asked_without);
  salesforce_send_query(call, "query", &soql, on_statuses);
  hd_buf_free(&soql);
}

void salesforce_read_statuses(struct sf_call *call, sf_ready *whole) {
  struct sf *self = call->self;
  call->whole = whole;
  if (self->statuses_at_ms != 0 && self->host->now_ms() - self->statuses_at_ms < STATUSES_AGE_MS) {
    whole(call);
    return;
  }
  self->without = 0; /* what was hidden may be there by now */
  statuses_ask(call);
}

/* ---- the lists ---- */

static void list_next(struct sf_call *call) {
  struct sf *self = call->self;
  call->pages = 0;
  call->page.next = (struct trg_str){NULL, 0};
  do {
    call->list++;
  } while (call->list <= SF_HISTORY && !salesforce_list_is_read(self, call->list));
  if (call->list < SF_HISTORY || (call->list == SF_HISTORY && call->wants_history &&
                                  salesforce_needs_history(&call->thread))) {
    list_ask(call);
    return;
  }
  salesforce_thread_order(&call->thread);
  if (call->thread.mem.full) /* facts would be missing, and nobody would know */
    salesforce_end(call, TRG_RETRY, TRG_CODE_MALFORMED,
                   "the case is larger than can be kept in memory");
  else
    call->whole(call);
}

static void list_again(struct sf_call *call) {
  call->page.next = (struct trg_str){NULL, 0};
  list_ask(call);
}

/* A failed list: asked again if that can help, left out if this org has no such object. */
static void list_failed(struct sf_call *call, const struct trg_http_reply *reply) {
  struct sf *self = call->self;
  if (salesforce_is_absent(self, call->list, reply)) {
    list_next(call);
  } else if (salesforce_columns_drop(self, salesforce_list_columns(call->list, call->asked_without),
                                     reply)) {
    list_again(call);
  } else if (call->page.next.n > 0 && call->restarts < RESTARTS_MAX &&
             salesforce_error_is(reply, "INVALID_QUERY_LOCATOR")) {
    call->restarts++; /* it died; what was read of it may have moved since */
    salesforce_list_forget(&call->thread, call->list);
    list_again(call);
  } else {
    salesforce_fail(call, reply, salesforce_list_object(call->list));
  }
}

static void on_list(struct sf_call *call, const struct trg_http_reply *reply) {
  struct trg_err err = {{0}, {0}, 0};
  const struct trg_str before = call->page.next;
  if (!hd_ok(reply)) {
    list_failed(call, reply);
    return;
  }
  if (salesforce_list_read(&call->thread, call->list, reply->body, &call->page, &err) != 0) {
    salesforce_fail_malformed(call, reply, &err);
    return;
  }
  if (call->page.done) {
    list_next(call);
    return;
  }
  /* Only a path on the same host is asked, and never the same one twice. */
  if (!salesforce_next_is_path(call->page.next) || hd_same(call->page.next, before) ||
      ++call->pages >= PAGES_MAX)
    salesforce_end(call, TRG_RETRY, TRG_CODE_MALFORMED,
                   "a list is not done, and the address of its next page can not be used");
  else
    list_ask(call);
}

static void list_ask(struct sf_call *call) {
  if (call->page.next.n > 0) {
    salesforce_request(call, "GET", on_list);
    hd_buf_free(&call->path);
    hd_put_str(&call->path, call->page.next);
    salesforce_send(call);
    return;
  }
  struct hd_buf soql = hd_buf_new(4096);
  call->asked_without = call->self->without;
  salesforce_put_list_query(&soql, call->list, call->id, call->asked_without);
  salesforce_send_query(call, "query", &soql, on_list);
  hd_buf_free(&soql);
}

/* ---- the case ---- */

static void on_case(struct sf_call *call, const struct trg_http_reply *reply) {
  struct sf *self = call->self;
  struct trg_err err = {{0}, {0}, 0};
  if (!hd_ok(reply)) {
    if (salesforce_columns_drop(self, salesforce_case_columns(call->asked_without), reply))
      case_ask(call);
    else
      salesforce_fail(call, reply, "Case");
    return;
  }
  if (salesforce_case_read(&call->thread, &self->map.columns, reply->body, &err) != 0) {
    salesforce_fail_malformed(call, reply, &err);
    return;
  }
  if (call->thread.found && !hd_same(call->thread.kase.id, call->id)) {
    salesforce_end(call, TRG_RETRY, TRG_CODE_MALFORMED, "Salesforce answered with another case");
    return;
  }
  if (!call->thread.found || call->thread.kase.is_deleted) {
    call->whole(call); /* its mails and comments went with it */
    return;
  }
  call->list = SF_CASES;
  list_next(call);
}

static void column_put(struct hd_buf *buf, const char *name) {
  if (name[0] == '\0') return;
  hd_puts(buf, ",");
  hd_puts(buf, name);
}

static void case_ask(struct sf_call *call) {
  const struct sf *self = call->self;
  struct hd_buf soql = hd_buf_new(4096), extra = hd_buf_new(512);
  const struct sf_columns *columns = &self->map.columns;
  column_put(&extra, columns->category);
  if (strcmp(columns->tags, columns->category) != 0) column_put(&extra, columns->tags);
  if (strcmp(columns->marker, columns->category) != 0 &&
      strcmp(columns->marker, columns->tags) != 0)
    column_put(&extra, columns->marker);
  call->asked_without = self->without;
  salesforce_put_case_query(&soql, call->id, call->asked_without, hd_slice(&extra));
  /* queryAll also gives what is in the recycle bin, and what a merge left behind. */
  salesforce_send_query(call, "queryAll", &soql, on_case);
  hd_buf_free(&soql);
  hd_buf_free(&extra);
}

static void after_statuses(struct sf_call *call) {
  call->whole = call->then;
  case_ask(call);
}

void salesforce_read_whole(struct sf_call *call, sf_ready *whole) {
  call->then = whole;
  if (call->wants_statuses)
    salesforce_read_statuses(call, after_statuses);
  else
    after_statuses(call);
}

/* ---- fetch ---- */

static void ticket_tell(struct sf_call *call) {
  struct sf *self = call->self;
  struct sf_thread *thread = &call->thread;
  struct trg_ticket ticket;
  if (!thread->found) { /* out of the recycle bin, too */
    thread->kase.id = call->id;
    thread->kase.is_deleted = true;
  }
  salesforce_thread_tell(thread, hd_str(self->base), hd_str(self->user_id), &self->statuses,
                         &ticket);
  if (!thread->found) ticket.version = TRG_STR("deleted");
  if (self->conf->reply != NULL && strcmp(self->conf->reply, "none") == 0)
    ticket.flags |= TRG_TICKET_NOTE_ONLY;
  else if (salesforce_address_of(&thread->kase).n == 0 &&
           !salesforce_is_portal(&thread->kase, self->conf->reply))
    ticket.flags |= TRG_TICKET_NOTE_ONLY; /* nobody to answer to */
  if (thread->mem.full) {
    salesforce_end(call, TRG_RETRY, TRG_CODE_MALFORMED,
                   "the case is larger than can be kept in memory");
    return;
  }
  self->host->emit_ticket(call->op, &ticket);
  salesforce_end(call, TRG_DONE, TRG_CODE_OK, "");
}

void salesforce_fetch(void *self, trg_op op, struct trg_str id) {
  struct sf_call *call = salesforce_call_new(self, op);
  call->wants_statuses = call->wants_history = true;
  if (salesforce_id_take(call, id)) salesforce_read_whole(call, ticket_tell);
}
