/* The table of commands, in the order in which help lists them. */
#include "cmd/cmd.h"

#include <string.h>

extern const struct cmd cmd_status, cmd_tickets, cmd_ticket, cmd_review, cmd_review_approve,
    cmd_review_reject, cmd_review_edit, cmd_review_diff, cmd_report, cmd_invoice, cmd_ledger_verify,
    cmd_ledger_recount, cmd_ledger_rebuild, cmd_ledger_export, cmd_ledger_keygen, cmd_forecast,
    cmd_proof, cmd_period_close, cmd_period_list, cmd_dispute_open, cmd_dispute_evidence,
    cmd_dispute_decide, cmd_dispute_list, cmd_dispute_show, cmd_models, cmd_models_test, cmd_eval,
    cmd_train, cmd_replay, cmd_shadow, cmd_skills, cmd_skills_lint, cmd_gaps, cmd_feedback,
    cmd_voice, cmd_redact, cmd_reindex, cmd_requeue, cmd_export, cmd_erase, cmd_compliance,
    cmd_compliance_confirm, cmd_change, cmd_change_request, cmd_change_approve, cmd_backup, cmd_mcp,
    cmd_help;

/* clang-format off: one a line */
const struct cmd *const cmd_table[] = {
    &cmd_status,
    &cmd_tickets,
    &cmd_ticket,
    &cmd_review,
    &cmd_review_approve,
    &cmd_review_reject,
    &cmd_review_edit,
    &cmd_review_diff,
    &cmd_report,
    &cmd_invoice,
    &cmd_ledger_verify,
    &cmd_ledger_recount,
    &cmd_ledger_rebuild,
    &cmd_ledger_export,
    &cmd_ledger_keygen,
    &cmd_forecast,
    &cmd_proof,
    &cmd_period_close,
    &cmd_period_list,
    &cmd_dispute_open,
    &cmd_dispute_evidence,
    &cmd_dispute_decide,
    &cmd_dispute_list,
    &cmd_dispute_show,
    &cmd_models,
    &cmd_models_test,
    &cmd_eval,
    &cmd_train,
    &cmd_replay,
    &cmd_shadow,
    &cmd_skills,
    &cmd_skills_lint,
    &cmd_gaps,
    &cmd_feedback,
    &cmd_voice,
    &cmd_redact,
    &cmd_reindex,
    &cmd_requeue,
    &cmd_export,
    &cmd_erase,
    &cmd_compliance,
    &cmd_compliance_confirm,
    &cmd_change,
    &cmd_change_request,
    &cmd_change_approve,
    &cmd_backup,
    &cmd_mcp,
    &cmd_help,
    NULL,
};
/* clang-format on */

const struct cmd_option cmd_common[] = {
    {"config", "FILE", "configuration (default " CMD_CONF_DEFAULT "); also -c FILE", false},
    {"format", "table|json|csv", "how to print (default table)", false},
    {"help", NULL, "help, or help on a command", false},
    {"version", NULL, "print the version", false},
    {NULL, NULL, NULL, false},
};

const struct cmd *cmd_find(const char *name) {
  for (const struct cmd *const *c = cmd_table; *c != NULL; c++)
    if (strcmp((*c)->name, name) == 0) return *c;
  return NULL;
}
