/* The report's lists beside its rows: tickets that cost more than they were charged, and calls of
 * other agents. */
#include <inttypes.h>

#include "base/buf.h"
#include "base/str.h"
#include "billing/report_inner.h"

static void cell(struct buf *out, const char *text) {
  buf_text(out, "<td>");
  buf_html(out, str_of(text));
  buf_text(out, "</td>");
}

void losses_section(const struct report *r, struct buf *out) {
  char money[MONEY_TEXT_MAX];
  buf_printf(out,
             "<h2>At a loss</h2>\n<p class=\"soft\">%" PRId64
             " tickets cost %s more than they were "
             "charged; the largest:</p>\n<div class=\"wide\"><table><thead><tr><th>ticket</th>"
             "<th>category</th><th>model</th><th>state</th><th>charged</th><th>model cost</th>"
             "<th>margin</th></tr></thead><tbody>\n",
             r->loss_total, money_places(r->loss_micros, 4, money));
  for (size_t i = 0; i < r->loss_count; i++) {
    const struct report_loss *l = &r->losses[i];
    const int64_t amounts[] = {l->charged_micros, l->model_cost_micros,
                               l->charged_micros - l->model_cost_micros};
    buf_text(out, "<tr><th scope=\"row\">");
    buf_html(out, str_of(l->ref));
    buf_text(out, "</th>");
    cell(out, l->category);
    cell(out, l->model);
    cell(out, l->state);
    for (size_t k = 0; k < sizeof amounts / sizeof *amounts; k++)
      buf_printf(out, "<td>%s</td>", money_places(amounts[k], 4, money));
    buf_text(out, "</tr>\n");
  }
  buf_text(out, "</tbody></table></div>\n");
}

void agents_section(const struct report *r, struct buf *out) {
  char money[MONEY_TEXT_MAX];
  buf_text(out, "<h2>Other agents</h2>\n<p class=\"soft\">Calls that were answered, and what was "
                "charged for them beside the resolutions.</p>\n<div class=\"wide\"><table><thead>"
                "<tr><th>agent</th><th>tool</th><th>calls</th><th>charged</th></tr></thead><tbody>"
                "\n");
  for (size_t i = 0; i < r->agent_count; i++) {
    const struct agent_use *u = &r->agents[i];
    buf_text(out, "<tr><th scope=\"row\">");
    buf_html(out, str_of(u->who));
    buf_text(out, "</th>");
    cell(out, u->tool);
    buf_printf(out, "<td>%" PRId64 "</td><td>%s</td></tr>\n", u->calls,
               money_places(u->charged_micros, 4, money));
  }
  buf_text(out, "</tbody></table></div>\n");
}
