#include "pipeline/reason.h"

#include <string.h>

const struct reason reasons[] = {
    {"ok", "sent", "every check passed and policy allows sending"},
    {"approved", "sent", "a person approved the draft"},
    {"mode_draft", "draft", "this helpdesk is in draft mode"},
    {"category_not_auto", "draft", "policy.auto does not name the category"},
    {"low_confidence", "draft", "the draft's confidence is below policy.auto.accept"},
    {"no_citation", "draft", "policy asks for a citation and the draft has none"},
    {"invented_citation", "draft", "the draft cites a source that it was not given"},
    {"tool_approval", "draft", "nobody approved a tool's call that the draft wanted in time"},
    {"tool_denied", "draft", "a person denied a tool's call that the draft wanted"},
    {"tool_uncertain", "draft", "it is not known whether a tool's call was carried out"},
    {"uncited_claim", "draft",
     "a claim on policy, price, refund or dates, or a promise, has no source"},
    {"unsupported_citation", "draft", "a cited source does not say what the draft says"},
    {"link_not_allowed", "draft",
     "a link, a bare host or a mail address leads to a host that policy.links does not name"},
    {"invented_token", "draft", "the draft names personal data that the ticket does not have"},
    {"text_changed", "draft", "the ticket's texts or the masking rules changed after the draft"},
    {"leaked_prompt", "draft", "the draft repeats instructions that are not for customers"},
    {"wrong_language", "draft", "the draft is in another language than the ticket"},
    {"too_long", "draft", "the draft is longer than a reply should be"},
    {"voice_broken", "draft", "the draft breaks a hard rule of the brand voice"},
    {"note_only", "draft", "this channel takes no public reply through the connector"},
    {"not_sure", "draft", "triage is not sure of the category"},
    {"no_answer", "handoff", "the knowledge base does not answer the question"},
    {"no_draft", "handoff", "no model gave a usable draft"},
    {"asks_for_person", "handoff", "the customer asks for a person"},
    {"safety", "handoff", "danger to people"},
    {"account-takeover", "handoff", "somebody else may be using the account"},
    {"privacy-request", "handoff", "a request about personal data"},
    {"legal-threat", "handoff", "lawyers, courts or regulators are mentioned"},
    {"manager-request", "handoff", "the customer asks for a manager"},
    {"churn", "handoff", "the customer is about to leave"},
    {"repeated-contact", "handoff", "the customer has written about this before"},
    {"media-threat", "handoff", "the customer threatens to go public"},
    {"model_refused", "handoff", "every model declined to answer"},
    {"loop_breaker", "handoff", "too many replies of ours on this ticket within a day"},
    {"budget", "handoff", "the day's model budget is used up"},
    {"duplicate", "handoff", "the same person opened the same case twice"},
    {"rejected", "handoff", "a person rejected the draft"},
    {"mode_shadow", "observed", "this helpdesk is in shadow mode: nothing is written"},
    {"spam", "skipped", "spam: not answered"},
    {"already_answered", "skipped", "somebody answered before us"},
    {"already_solved", "skipped", "solved before it was answered"},
    {"human_answered", "skipped", "a person answered while the draft was made"},
    {"closed", "skipped", "closed at the helpdesk"},
    {"deleted", "skipped", "deleted at the helpdesk"},
    {"merged", "skipped", "merged into another ticket"},
    {"thanks", "skipped", "the customer only says thanks"},
    {"nothing_to_answer", "skipped", "no message of a customer to answer"},
    {"permanent", "failed", "the helpdesk or model refuses this for good"},
    {"permission", "failed", "the account may not do this"},
    {"invalid", "failed", "no model gave a usable answer"},
    {"transient", "failed", "the other side failed too often"},
    {"endpoint", "failed", "path, plan or version is not there: check the configuration"},
};
const size_t reason_count = sizeof reasons / sizeof reasons[0];

const char *reason_meaning(const char *code) {
  for (size_t i = 0; i < reason_count; i++)
    if (strcmp(reasons[i].code, code) == 0) return reasons[i].meaning;
  return code;
}
