#include "cmd/compliance_check.h"

#include <string.h>

#include "base/err.h"
#include "base/pii.h"
#include "base/str.h"
#include "base/time.h"
#include "conf/conf.h"
#include "conf/field.h"
#include "pipeline/prompt.h"
#include "store/change.h"
#include "store/evidence.h"
#include "store/gap.h"
#include "store/ledger.h"
#include "store/report.h"

#define TEXTS_MAX 20000

const char *control_word(enum control_state s) {
  static const char *const words[] = {"on", "off", "manual"};
  return words[s];
}

static enum control_state failed(const struct control_look *l, const struct trg_err *err) {
  buf_text(l->why, err->text);
  return CONTROL_OFF;
}

static enum control_state redaction(const struct control_look *l) {
  const unsigned own = (unsigned)pii_profile_of(l->t->name);
  buf_printf(
      l->why,
      "rules version %s; cards, accounts, addresses of the net, telephone numbers and secrets"
      "%s are replaced before a ticket is stored",
      PII_RULES_VERSION,
      (own & PII_PROFILE_HIPAA) != 0  ? ", and the 18 classes of Safe Harbor,"
      : (own & PII_PROFILE_GDPR) != 0 ? ", names, addresses and numbers of offices"
                                      : "");
  return (l->r->conf->pii_profiles & own) == own ? CONTROL_ON : CONTROL_OFF;
}

/* --- card data: looked for in what is stored -------------------------------------------------- */

struct card_look {
  int64_t texts, found;
};

static int card_each(void *arg, struct trg_str text) {
  struct card_look *k = arg;
  struct pii_map *m = pii_map_new();
  struct pii_span *spans = NULL;
  size_t n = 0;
  struct buf out;
  buf_init(&out, SIZE_MAX / 4);
  const int rc = pii_mask(m, text, &out, &spans, &n, NULL);
  for (size_t i = 0; i < n; i++) k->found += strcmp(spans[i].type, "CREDIT_CARD") == 0;
  k->texts++;
  mem_free(spans);
  buf_free(&out);
  pii_map_free(&m);
  return rc;
}

static enum control_state card_data(const struct control_look *l) {
  struct card_look k = {0};
  struct trg_err err = {0};
  if (evidence_texts(l->r->store, TEXTS_MAX, card_each, &k, &err) < 0) return failed(l, &err);
  buf_printf(l->why, "looked through %lld stored texts: %lld card numbers", (long long)k.texts,
             (long long)k.found);
  return k.found == 0 ? CONTROL_ON : CONTROL_OFF;
}

/* --- what the database shows ------------------------------------------------------------------ */

static enum control_state audit(const struct control_look *l) {
  int64_t rows = 0, newest = 0;
  struct trg_err err = {0};
  char at[TIME_RFC3339_MAX] = "";
  if (evidence_audit(l->r->store, &rows, &newest, &err) < 0) return failed(l, &err);
  if (newest > 0) time_format(newest, at);
  buf_printf(l->why, "%lld entries%s%s: reviews, requeues, erasures, disputes, what agents asked%s",
             (long long)rows, newest > 0 ? ", the newest of " : "", at,
             (l->r->conf->pii_profiles & PII_PROFILE_HIPAA) != 0
                 ? ", and each ticket that was shown"
                 : "");
  return CONTROL_ON;
}

static enum control_state append_only(const struct control_look *l) {
  const char *names = "";
  struct trg_err err = {0};
  if (evidence_append_only(l->r->store, l->r->arena, &names, &err) < 0) return failed(l, &err);
  const struct trg_str s = str_of(names);
  buf_printf(l->why, "triggers refuse UPDATE and DELETE on: %s", names);
  return str_find(s, "audit") >= 0 && str_find(s, "event") >= 0 && str_find(s, "ledger") >= 0
             ? CONTROL_ON
             : CONTROL_OFF;
}

static enum control_state ledger(const struct control_look *l) {
  int64_t count = 0, bad = 0;
  struct trg_err err = {0};
  if (ledger_verify(l->r->store, &count, &bad, &err) < 0) return failed(l, &err);
  buf_printf(l->why, "%lld entries, the chain is whole", (long long)count);
  return CONTROL_ON;
}

static enum control_state conservation(const struct control_look *l) {
  struct trg_err err = {0};
  if (report_conserved(l->r->store, &err) < 0 || totals_conserved(l->r->store, &err) < 0)
    return failed(l, &err);
  buf_text(l->why, "the sums add up");
  return CONTROL_ON;
}

/* --- what the configuration shows ------------------------------------------------------------- */

static enum control_state model_gate(const struct control_look *l) {
  const struct conf *c = l->r->conf;
  bool all = true;
  for (size_t i = 0; i < c->model_count; i++) {
    const struct conf_model *m = &c->models[i];
    buf_text(l->why, i > 0 ? "; " : "");
    if (m->local)
      buf_printf(l->why, "%s: local", m->name);
    else if (m->baa_party != NULL)
      buf_printf(l->why, "%s: %s, %s, %s", m->name, m->baa_party, m->baa_date, m->baa_scope);
    else
      buf_printf(l->why, "%s: no agreement on record", m->name);
    all = all && (m->local || m->baa_party != NULL);
  }
  return all ? CONTROL_ON : CONTROL_OFF;
}

static enum control_state fields(const struct control_look *l) {
  const bool lists = l->t->fields != NULL && l->t->field_count > 0;
  bool all = lists;
  buf_text(l->why, "of a ticket are sent:");
  for (const char *const *f = prompt_ticket_fields; *f != NULL; f++) {
    const bool listed = lists && template_allows(l->t, *f);
    buf_printf(l->why, " %s%s", *f, listed ? "" : " (not listed)");
    all = all && listed;
  }
  return all ? CONTROL_ON : CONTROL_OFF;
}

static enum control_state restored(const struct control_look *l) {
  static const struct {
    unsigned bit;
    const char *word;
  } all[] = {{RESTORE_NAME, "names"},
             {RESTORE_EMAIL, "mail addresses"},
             {RESTORE_PHONE, "telephone numbers"},
             {RESTORE_KNOWLEDGE, "what a cited passage says"}};
  buf_text(l->why, "a reply has back:");
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if ((l->t->restore & all[i].bit) != 0)
      buf_printf(l->why, "%s %s", l->why->p[l->why->n - 1] == ':' ? "" : ",", all[i].word);
  return l->t->restore != RESTORE_ALL ? CONTROL_ON : CONTROL_OFF;
}

static bool is_safe(const char *origin) {
  return strncmp(origin, "file:", 5) == 0 || field_url_wrong(origin) == NULL;
}

static void origins(const struct control_look *l, const char *name, const char *const *all,
                    size_t n, bool *ret_safe) {
  for (size_t i = 0; i < n; i++) {
    buf_printf(l->why, "%s%s: %s", l->why->n > 0 ? "; " : "", name, all[i]);
    *ret_safe = *ret_safe && is_safe(all[i]);
  }
}

static enum control_state tls(const struct control_look *l) {
  const struct conf *c = l->r->conf;
  bool safe = true;
  for (size_t i = 0; i < c->helpdesk_count; i++)
    origins(l, c->helpdesks[i].name, c->helpdesks[i].origins, c->helpdesks[i].origin_count, &safe);
  for (size_t i = 0; i < c->model_count; i++)
    origins(l, c->models[i].name, c->models[i].origins, c->models[i].origin_count, &safe);
  if (l->why->n == 0) buf_text(l->why, "nothing is sent over a network");
  return safe ? CONTROL_ON : CONTROL_OFF;
}

static enum control_state grants(const struct control_look *l) {
  const struct conf *c = l->r->conf;
  buf_printf(
      l->why,
      "%zu access tokens for agents, each with its own grants; state folder is the service user's",
      c->mcp_token_count);
  return CONTROL_ON;
}

static enum control_state disclosure(const struct control_look *l) {
  const char *text = l->r->conf->policy.disclosure;
  const bool on = text != NULL && text[0] != '\0';
  if (on)
    buf_printf(l->why, "the first AI message of a conversation begins: \"%s\"", text);
  else
    buf_text(l->why, "policy.disclosure is not set: write what a customer is told");
  return on ? CONTROL_ON : CONTROL_OFF;
}

static enum control_state human(const struct control_look *l) {
  const struct conf_policy *p = &l->r->conf->policy;
  buf_text(l->why, p->auto_category_count == 0 ? "nothing is sent without a person"
                                               : "sent without a person:");
  for (size_t i = 0; i < p->auto_category_count; i++)
    buf_printf(l->why, "%s %s", i > 0 ? "," : "", p->auto_categories[i]);
  if (p->auto_category_count > 0)
    buf_text(l->why,
             "; who asks for a person gets one, and no refund or closure is an action of ours");
  return CONTROL_ON;
}

static enum control_state retention(const struct control_look *l) {
  struct kept kept[KEPT_MAX];
  size_t n = 0;
  bool fine = true;
  keeping_resolve(l->r->conf, l->t, 1, kept, &n);
  for (size_t i = 0; i < n; i++) {
    buf_printf(l->why, "%s%s: %s", l->why->n > 0 ? "; " : "", kept[i].what, kept[i].why.p);
    fine = fine && kept[i].fine;
    buf_free(&kept[i].why);
  }
  return fine ? CONTROL_ON : CONTROL_OFF;
}

/* --- what the program always does ------------------------------------------------------------- */

static enum control_state two_people(const struct control_look *l) {
  buf_text(l->why, "a dispute is not decided by who opened it or changed its rule or price");
  if (l->t->two_money)
    buf_text(l->why, "; a reply that names money is sent when two people stand behind it");
  if (l->t->two_tools)
    buf_text(l->why, "; a tool's call that a person must approve is made when two people did");
  return CONTROL_ON;
}

/* The rules in force: who asked for them, and who else approved them. */
static enum control_state changes(const struct control_look *l) {
  struct change c = {0};
  struct trg_err err = {0};
  if (!l->t->two_changes) {
    buf_text(l->why, "controls.yaml does not say two_people: [changes]");
    return CONTROL_OFF;
  }
  if (change_now(l->r->store, l->r->arena, &c, &err) < 0) return failed(l, &err);
  buf_printf(l->why, "rules %.12s (configuration %.8s, price book %.8s, skills %.8s)", c.hash,
             c.conf_hash, c.book_hash, c.skills_hash);
  if (c.requested_by[0] != '\0')
    buf_printf(l->why, "; asked for by %s: %s", c.requested_by, c.request_why);
  if (c.approved_by[0] != '\0') buf_printf(l->why, "; approved by %s", c.approved_by);
  if (change_is_approved(&c)) return CONTROL_ON;
  buf_text(l->why, c.emergency ? " in an emergency: another person reviews it with `triagectl "
                                 "change approve`"
                               : "; not approved: nothing is sent without a person and no period "
                                 "is closed until `triagectl change request` and another person's "
                                 "`change approve`");
  return CONTROL_OFF;
}

static enum control_state versions(const struct control_look *l) {
  buf_text(
      l->why,
      "decisions keep hashes of prompt, skills and configuration, charges that of the price book");
  return CONTROL_ON;
}

static enum control_state subject(const struct control_look *l) {
  buf_text(l->why, "triagectl export --subject and triagectl erase --subject");
  return CONTROL_ON;
}

static enum control_state attachments(const struct control_look *l) {
  buf_text(l->why, "names of attachments are masked and shown; their bytes are never asked for");
  return CONTROL_ON;
}

static const struct {
  const char *word;
  enum control_state (*look)(const struct control_look *l);
} checks[] = {{"append_only", append_only},
              {"attachments", attachments},
              {"audit", audit},
              {"card_data", card_data},
              {"changes", changes},
              {"clock", control_clock},
              {"conservation", conservation},
              {"disclosure", disclosure},
              {"disk", control_disk},
              {"fields", fields},
              {"grants", grants},
              {"human", human},
              {"ledger", ledger},
              {"manual", control_confirmed},
              {"model_gate", model_gate},
              {"off_box", control_off_box},
              {"processors", tls},
              {"redaction", redaction},
              {"restore", restored},
              {"retention", retention},
              {"subject", subject},
              {"tls", tls},
              {"two_people", two_people},
              {"versions", versions}};

enum control_state control_check(const struct control_look *look, const struct control *c) {
  for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
    if (strcmp(checks[i].word, c->check) == 0) return checks[i].look(look);
  buf_printf(look->why, "there is no check \"%s\"", c->check);
  return CONTROL_OFF;
}

/* --- how long --------------------------------------------------------------------------------- */

static int64_t ours_of(const struct conf *c, const char *what) {
  if (strcmp(what, "requests") == 0) return c->keep_requests_ms;
  if (strcmp(what, "messages") == 0) return c->keep_messages_ms;
  return 0; /* ledger, facts, decisions and audit log are never deleted */
}

static void keeping_judge(struct kept *k, const struct keeping *least, const struct keeping *most) {
  char ours[24] = "always", word[24];
  if (k->ours_ms > 0) duration_format(k->ours_ms, ours);
  buf_init(&k->why, 4096);
  k->fine = true;
  buf_printf(&k->why, "kept %s", k->ours_ms > 0 ? "for " : "");
  buf_text(&k->why, ours);
  if (least != NULL) {
    duration_format(least->least_ms, word);
    buf_printf(&k->why, "; at least %s (%s)", word, least->cite);
    k->fine = k->ours_ms == 0 || k->ours_ms >= least->least_ms;
  }
  if (most != NULL) {
    duration_format(most->most_ms, word);
    buf_printf(&k->why, "; at most %s (%s)", word, most->cite);
    if (least != NULL && least->least_ms > most->most_ms)
      buf_text(&k->why, ", which the duty to keep goes before (GDPR Art. 17(3)(b))");
    else
      k->fine = k->fine && k->ours_ms > 0 && k->ours_ms <= most->most_ms;
  }
  if (!k->fine) buf_printf(&k->why, "; set retention.%s", k->what);
}

void keeping_resolve(const struct conf *conf, const struct template *t, size_t count,
                     struct kept ret[], size_t *ret_count) {
  static const char *const whats[] = {"requests", "messages", "decisions", "audit", "ledger"};
  *ret_count = 0;
  for (size_t w = 0; w < sizeof whats / sizeof *whats; w++) {
    const struct keeping *least = NULL, *most = NULL;
    for (size_t i = 0; i < count; i++)
      for (size_t k = 0; k < t[i].keep_count; k++) {
        const struct keeping *one = &t[i].keeps[k];
        if (strcmp(one->what, whats[w]) != 0) continue;
        if (one->least_ms > 0 && (least == NULL || one->least_ms > least->least_ms)) least = one;
        if (one->most_ms > 0 && (most == NULL || one->most_ms < most->most_ms)) most = one;
      }
    if (least == NULL && most == NULL) continue;
    struct kept *k = &ret[(*ret_count)++];
    *k = (struct kept){.what = whats[w], .ours_ms = ours_of(conf, whats[w])};
    keeping_judge(k, least, most);
  }
}
