/*
 * Policy: what may be done with a ticket, decided by pure functions of what is known. First after
 * triage (may it be drafted?), again after the draft (send it, leave it, or hand it to a person?).
 * Every ruling has one outcome and one reason code of the list in reason.h.
 */
#ifndef PIPELINE_POLICY_H
#define PIPELINE_POLICY_H

#include <stdbool.h>
#include "conf/conf.h"
#include "store/ticket.h"

struct ruling {
  const char *outcome; /* NULL: go on; else sent, draft, handoff, observed, skipped */
  const char *reason;
};

struct policy_facts {
  enum conf_mode mode;
  const struct conf_policy *policy;
  const struct ticket *ticket;
  bool unsure;                  /* triage stayed below its accept */
  const char *escalate_reason;  /* "" for none */
  int64_t replies_today;        /* of ours, public, on this ticket */
  bool asked_for_person_before; /* in an earlier message of this conversation */
};
struct ruling policy_admit(const struct policy_facts *f);

struct guard_facts {
  enum conf_mode mode;
  const struct conf_policy *policy;
  const struct ticket *ticket;
  double confidence;  /* of the draft */
  bool not_sure;      /* the draft says that it has no answer */
  bool unsure;        /* triage stayed below its accept: a draft may help, but a person sends it */
  size_t citations;   /* that exist */
  const char *failed; /* reason code of the first failed check of guard_text, or NULL */
  const char *held;   /* why it takes two people, or NULL */
};
struct ruling policy_guard(const struct guard_facts *f);

#endif
