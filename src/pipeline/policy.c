#include "pipeline/policy.h"

#include <string.h>

#include <triaged/connector.h>

#include "base/str.h"
#include "skill/taxonomy.h"

static struct ruling rule(const char *outcome, const char *reason) {
  return (struct ruling){outcome, reason};
}

/* In order: who asked for a person gets one, whatever else is true. */
struct ruling policy_admit(const struct policy_facts *f) {
  const struct ticket *t = f->ticket;
  if (t->wants_human || f->asked_for_person_before) return rule("handoff", "asks_for_person");
  if (f->escalate_reason[0] != '\0')
    return rule("handoff", strcmp(f->escalate_reason, "asks-for-person") == 0 ? "asks_for_person"
                                                                              : f->escalate_reason);
  if (t->duplicate_of[0] != '\0') return rule("handoff", "duplicate");
  if (!f->unsure && taxonomy_same(str_of(t->category), "spam")) return rule("skipped", "spam");
  if (f->replies_today >= f->policy->replies_per_ticket) return rule("handoff", "loop_breaker");
  return rule(NULL, "ok");
}

static bool category_is_auto(const struct conf_policy *p, const char *category) {
  for (size_t i = 0; i < p->auto_category_count; i++)
    if (taxonomy_same(str_of(category), p->auto_categories[i])) return true;
  return false;
}

struct ruling policy_guard(const struct guard_facts *f) {
  const struct conf_policy *p = f->policy;
  if (f->not_sure) return rule(f->mode == MODE_SHADOW ? "observed" : "handoff", "no_answer");
  if (f->mode == MODE_SHADOW) return rule("observed", "mode_shadow");
  if (f->failed != NULL) return rule("draft", f->failed);
  if (f->unsure) return rule("draft", "not_sure");
  if (f->mode != MODE_AUTO) return rule("draft", "mode_draft");
  if ((f->ticket->flags & TRG_TICKET_NOTE_ONLY) != 0) return rule("draft", "note_only");
  if ((f->ticket->flags & TRG_TICKET_PARTIAL) != 0) return rule("draft", "thread_cut");
  if (!category_is_auto(p, f->ticket->category)) return rule("draft", "category_not_auto");
  if (p->citation_required && f->citations == 0) return rule("draft", "no_citation");
  if (f->confidence < p->auto_accept) return rule("draft", "low_confidence");
  if (f->held != NULL) return rule("draft", f->held);
  return rule("sent", "ok");
}
