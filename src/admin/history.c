/* What people solved, as examples: what the customer wrote first, the category that the ticket had
 * in the end, and what was answered. Only with a person's part in it is a ticket an example: else
 * the model would be taught by itself alone. */
#include <string.h>
#include <triaged/connector.h>

#include "admin/train.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/conf.h"
#include "store/talk.h"
#include "store/ticket.h"
#include "store/work.h"

#define TICKETS_MAX INT64_C(2000000)
#define LABELS_MIN  2

struct history {
  struct store *store;
  struct arena *arena; /* of the examples */
  struct labelled out;
};

static bool is_solved(const struct ticket *t) {
  return t->status == TRG_STATUS_SOLVED || t->status == TRG_STATUS_CLOSED;
}

/* A category that triage was not sure of would teach the guess. */
static bool is_judged(const struct ticket *t, double accept) {
  return t->category[0] != '\0' && t->confidence >= accept && strcmp(t->reason, "not_sure") != 0;
}

static const char *first_of_customer(const struct message *m, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (m[i].author == TRG_AUTHOR_CUSTOMER && (m[i].flags & TRG_MESSAGE_PUBLIC) != 0 &&
        (m[i].flags & TRG_MESSAGE_AUTO) == 0)
      return m[i].text;
  return NULL;
}

static const char *last_of_agent(const struct message *m, size_t n) {
  for (size_t i = n; i > 0; i--)
    if (m[i - 1].author == TRG_AUTHOR_AGENT && (m[i - 1].flags & TRG_MESSAGE_PUBLIC) != 0)
      return m[i - 1].text;
  return NULL;
}

/* The answer that a person gave, or approved; NULL: no person took part. */
static int reply_of(struct history *h, const struct ticket *t, const struct message *m, size_t n,
                    struct arena *scratch, const char **ret, struct trg_err *err) {
  struct draft d;
  *ret = last_of_agent(m, n);
  if (*ret != NULL) return 0;
  const int rc = draft_newest(h->store, t->id, scratch, &d, err);
  if (rc == TRG_ENOTFOUND) return 0;
  if (rc < 0) return rc;
  /* Sent by a person's word: the one who approved or edited stands beside it. */
  if (strcmp(t->outcome, "sent") == 0 && d.reviewer[0] != '\0')
    *ret = d.edited[0] != '\0' ? d.edited : d.body;
  return 0;
}

static void example_add(struct history *h, const struct ticket *t, const char *text,
                        const char *reply) {
  struct labelled *out = &h->out;
  json *labels = json_object();
  json_put_text(labels, "category", t->category);
  if (t->priority[0] != '\0') json_put_text(labels, "priority", t->priority);
  if (t->sentiment[0] != '\0') json_put_text(labels, "sentiment", t->sentiment);
  if (t->language[0] != '\0') json_put_text(labels, "language", t->language);
  char *l = json_text(labels);
  json_free(&labels);
  struct trg_example *e = &out->examples[out->count];
  e->text = str_of(arena_printf(h->arena, "%s\n%s", t->subject, text));
  e->labels = arena_str(h->arena, str_of(l));
  out->subjects[out->count] = arena_str(h->arena, str_of(t->subject));
  out->replies[out->count] = arena_str(h->arena, str_of(reply));
  out->count++;
  mem_free(l);
}

static int ticket_take(struct history *h, const struct ticket *t, struct trg_err *err) {
  struct arena *scratch = arena_new();
  struct message *m = NULL;
  size_t n = 0;
  const char *reply = NULL;
  int rc = message_list(h->store, t->id, scratch, &m, &n, err);
  const char *text = rc >= 0 ? first_of_customer(m, n) : NULL;
  if (text != NULL) rc = reply_of(h, t, m, n, scratch, &reply, err);
  if (rc >= 0 && text != NULL && reply != NULL) example_add(h, t, text, reply);
  arena_free(&scratch);
  return rc;
}

static bool has_two_categories(const struct labelled *l) {
  char first[200] = "";
  for (size_t i = 0; i < l->count; i++) {
    json *labels = json_parse(l->examples[i].labels, 0, NULL);
    const struct trg_str c = json_get_str(labels, "category");
    const bool other = i > 0 && !str_is(c, first);
    if (i == 0 && c.n < sizeof first) memcpy(first, c.p, c.n);
    json_free(&labels);
    if (other) return true;
  }
  return false;
}

int labelled_solved(struct store *s, double accept, struct arena *a, struct labelled *ret,
                    struct trg_err *err) {
  struct arena *tickets = arena_new();
  const struct ticket_filter all = {.limit = TICKETS_MAX};
  struct ticket *list = NULL;
  size_t n = 0;
  struct history h = {.store = s, .arena = a};
  int rc = ticket_list(s, &all, tickets, &list, &n, err);
  h.out.examples = arena_alloc(a, sizeof *h.out.examples * (n + 1));
  h.out.subjects = arena_alloc(a, sizeof *h.out.subjects * (n + 1));
  h.out.replies = arena_alloc(a, sizeof *h.out.replies * (n + 1));
  /* Oldest first, so that the same history gives the same examples in the same order. */
  for (size_t i = n; i > 0 && rc >= 0; i--)
    if (is_solved(&list[i - 1]) && is_judged(&list[i - 1], accept))
      rc = ticket_take(&h, &list[i - 1], err);
  arena_free(&tickets);
  if (rc >= 0) *ret = h.out;
  return rc;
}

int labelled_history(struct store *s, double accept, struct arena *a, struct labelled *ret,
                     struct trg_err *err) {
  struct labelled out = {0};
  const int rc = labelled_solved(s, accept, a, &out, err);
  if (rc < 0) return rc;
  if (!has_two_categories(&out))
    return err_set(err, TRG_ESTATE, "history",
                   "%zu tickets here were solved by people and had a sure category, of fewer than "
                   "%d categories: too few to learn from; train with a file of labelled tickets",
                   out.count, LABELS_MIN);
  *ret = out;
  return 0;
}
