/* The ids of tags. A tag is added by its id, so names are looked up, and made when missing. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "intercom.h"

#define TAGS_AGE_MS INT64_C(3600000)
#define TAGS_MAX    20000

const char *intercom_tag_id(const struct intercom *self, struct trg_str name) {
  for (size_t i = 0; i < self->tag_count; i++)
    if (strlen(self->tags[i].name) == name.n &&
        (name.n == 0 || strncasecmp(self->tags[i].name, name.p, name.n) == 0))
      return self->tags[i].id;
  return NULL;
}

void intercom_tags_forget(struct intercom *self) {
  for (size_t i = 0; i < self->tag_count; i++) free(self->tags[i].name);
  self->tag_count = 0;
  self->tags_at_ms = 0;
}

static void tag_keep(void *arg, struct trg_str id, struct trg_str name) {
  struct intercom *self = arg;
  if (name.n == 0 || self->tag_count >= TAGS_MAX || intercom_tag_id(self, name) != NULL) return;
  if (self->tag_count == self->tag_cap) {
    self->tag_cap = self->tag_cap == 0 ? 64 : self->tag_cap * 2;
    self->tags = realloc(self->tags, self->tag_cap * sizeof *self->tags);
    if (self->tags == NULL) abort();
  }
  struct intercom_tag *tag = &self->tags[self->tag_count++];
  memset(tag->id, 0, sizeof tag->id);
  memcpy(tag->id, id.p, id.n < sizeof tag->id - 1 ? id.n : sizeof tag->id - 1);
  tag->name = strndup(name.p, name.n);
  if (tag->name == NULL) abort();
}

static void on_tags(struct intercom_call *call, const struct trg_http_reply *reply) {
  struct intercom *self = call->self;
  struct trg_err err;
  if (!hd_ok(reply)) {
    call->failed(call, reply);
    return;
  }
  intercom_tags_forget(self);
  if (intercom_tags_read(reply->body, tag_keep, self, &err) != 0) {
    intercom_fail_malformed(call, reply, &err);
    return;
  }
  self->tags_at_ms = self->host->now_ms();
  call->ready(call);
}

void intercom_tags_need(struct intercom_call *call, intercom_ready *ready, intercom_step *failed) {
  struct intercom *self = call->self;
  call->ready = ready;
  call->failed = failed;
  if (self->tags_at_ms != 0 && self->host->now_ms() - self->tags_at_ms < TAGS_AGE_MS) {
    ready(call);
    return;
  }
  intercom_request(call, "GET", on_tags);
  hd_put_str(&call->url, self->base);
  hd_puts(&call->url, "/tags");
  intercom_send(call);
}

static void on_made(struct intercom_call *call, const struct trg_http_reply *reply) {
  struct trg_err err;
  if (!hd_ok(reply)) {
    call->failed(call, reply);
    return;
  }
  if (intercom_tags_read(reply->body, tag_keep, call->self, &err) != 0) {
    intercom_fail_malformed(call, reply, &err);
    return;
  }
  /* Answered with a tag of another name: asking for ever would not change it. Another op may have
   * made the same tag meanwhile, so what counts is whether it is known now. */
  if (intercom_tag_id(call->self, call->action->add_tags[call->tag_at]) == NULL) {
    call->failed(call, reply);
    return;
  }
  call->ready(call);
}

/* A POST for a name that is there already answers with that tag, so it may be repeated. */
void intercom_tag_make(struct intercom_call *call, struct trg_str name, intercom_ready *ready,
                       intercom_step *failed) {
  call->ready = ready;
  call->failed = failed;
  intercom_request(call, "POST", on_made);
  hd_put_str(&call->url, call->self->base);
  hd_puts(&call->url, "/tags");
  hd_puts(&call->body, "{\"name\":");
  hd_put_json(&call->body, name);
  hd_puts(&call->body, "}");
  intercom_send(call);
}
