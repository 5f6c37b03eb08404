/* What is held of one person, and its erasure. */
#include <stdio.h>
#include <string.h>

#include "admin/ticket_gather.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "cmd/open.h"
#include "cmd/out.h"
#include "conf/conf.h"
#include "store/store.h"
#include "store/subject.h"

#define ERASE_TIMEOUT_MS 600000

static const struct cmd_option options[] = {
    {"subject", "EMAIL", "the person's e-mail address; any case", true},
    {NULL, NULL, NULL, false},
};

/* Each model that was given something of the person, with how often. */
static void count_models(json *models, const json *ticket) {
  for (const json *call = json_first(json_get(ticket, "model_calls")); call != NULL;
       call = json_next(call)) {
    struct arena *a = arena_new();
    const char *name = arena_dup(a, json_get_str(call, "model"));
    json_put_int(models, name, json_get_int(models, name, 0) + 1);
    arena_free(&a);
  }
}

/* What labelled files brought of the person. */
static int texts_add(struct reading *r, const char *lookup, json *to, struct trg_err *err) {
  struct subject_text *list = NULL;
  size_t n = 0;
  const int rc = subject_texts(r->store, lookup, r->arena, &list, &n, err);
  for (size_t i = 0; i < n && rc >= 0; i++) {
    json *o = json_object(), *labels = json_parse(str_of(list[i].labels), 0, NULL);
    json_put_text(o, "text", list[i].text);
    json_put(o, "labels", labels != NULL ? labels : json_object());
    if (list[i].reply[0] != '\0') json_put_text(o, "reply", list[i].reply);
    json_put_text(o, "source", list[i].source);
    json_add(to, o);
  }
  return rc;
}

static int gather_all(struct reading *r, const char *email, json *doc, struct trg_err *err) {
  uint8_t key[32];
  char lookup[SUBJECT_HEX];
  const char **refs = NULL;
  size_t n = 0;
  int rc = store_key(r->conf->state, key, err);
  if (rc < 0) return rc;
  subject_lookup(key, str_trim(str_of(email)), lookup);
  explicit_bzero(key, sizeof key);
  rc = subject_refs(r->store, lookup, r->arena, &refs, &n, err);
  json *tickets = json_array(), *models = json_object();
  for (size_t i = 0; i < n && rc >= 0; i++) {
    json *one = NULL;
    rc = ticket_gather(r->store, str_of(refs[i]), &one, err);
    if (rc < 0) break;
    count_models(models, one);
    json_add(tickets, one);
  }
  json *texts = json_array();
  if (rc >= 0) rc = texts_add(r, lookup, texts, err);
  json_put(doc, "tickets", tickets);
  json_put(doc, "taught", texts);
  json_put(doc, "models_that_saw_it", models);
  return rc;
}

static int export_run(const struct cmd_call *c) {
  struct reading r;
  struct trg_err err = {0};
  int status = ask_note(c, "export", "subject");
  if (status == 0) status = reading_open(c, &r);
  if (status != 0) return status;
  json *doc = json_object();
  json_put_text(doc, "subject", call_value(c, "subject"));
  json_put_time(doc, "made", clock_now_ms());
  if (gather_all(&r, call_value(c, "subject"), doc, &err) < 0) {
    status = reading_failed(&err);
  } else if (!out_document_print(doc, c)) {
    char *text = json_text_pretty(doc);
    puts(text);
    mem_free(text);
  }
  if (status == 0 &&
      json_count(json_get(doc, "tickets")) + json_count(json_get(doc, "taught")) == 0)
    fprintf(stderr, "nothing of that address is stored\n");
  json_free(&doc);
  reading_close(&r);
  return status;
}

static int erase_run(const struct cmd_call *c) {
  json *request = ask_request("erase"), *answer = NULL;
  json_put_text(request, "subject", call_value(c, "subject"));
  const int status = ask_once(c, request, ERASE_TIMEOUT_MS, &answer);
  if (status != 0) return status;
  if (!out_document_print(answer, c))
    printf(
        "erased: the texts of %lld tickets (%lld messages, %lld drafts), %lld recorded requests, "
        "%lld past tickets, %lld texts of labelled files.\nTheir charges and costs stay under a "
        "pseudonym that leads to nobody. "
        "Erase at the helpdesk too.\n",
        (long long)json_get_int(answer, "tickets", 0),
        (long long)json_get_int(answer, "messages", 0),
        (long long)json_get_int(answer, "drafts", 0),
        (long long)json_get_int(answer, "requests", 0), (long long)json_get_int(answer, "past", 0),
        (long long)json_get_int(answer, "taught", 0));
  json_free(&answer);
  return CMD_OK;
}

const struct cmd cmd_export = {
    .name = "export",
    .args = "",
    .summary = "everything that is held of one person",
    .help = "One JSON document: the person's tickets with messages, decisions, drafts, deliveries, "
            "facts\n"
            "and charges, what labelled files brought of them (taught), and how often which model "
            "was given something of them. Texts are as they "
            "are\n"
            "stored: masked.",
    .options = options,
    .run = export_run,
};

const struct cmd cmd_erase = {
    .name = "erase",
    .args = "",
    .summary = "remove what one person wrote, and the way to them",
    .help =
        "Removes texts, drafts, recorded model requests, what was learnt to search in, texts of "
        "labelled\n"
        "files that name the person or have the words of their tickets, and the only link from the "
        "address to the pseudonym in the ledger, which still verifies and\n"
        "recounts. Refused while a ticket of theirs is being worked on. Copies made with backup,\n"
        "and the helpdesk itself, keep what they have. Trained models keep word weights, no text:\n"
        "train again to leave the person out.",
    .options = options,
    .run = erase_run,
};
