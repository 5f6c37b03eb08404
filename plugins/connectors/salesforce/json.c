/* Salesforce's documents. */
#include "json.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

int salesforce_malformed(struct trg_err *err, const char *what) {
  snprintf(err->code, sizeof err->code, "%s", TRG_CODE_MALFORMED);
  snprintf(err->text, sizeof err->text, "Salesforce's answer could not be understood: %s", what);
  return -1;
}

cJSON *salesforce_json(struct trg_str body, struct trg_err *err) {
  const char *problem = "";
  cJSON *json = hd_json(body, &problem);
  if (json == NULL) (void)salesforce_malformed(err, problem);
  return json;
}

struct trg_str salesforce_json_id(struct hd_mem *mem, const cJSON *object, const char *key) {
  char id[SF_ID_BYTES];
  if (!salesforce_id18(hd_json_str(object, key), id)) return (struct trg_str){NULL, 0};
  return hd_keep(mem, hd_str(id));
}

const cJSON *salesforce_json_rows(const cJSON *json, bool *ret_done, struct trg_err *err) {
  const cJSON *rows = hd_json_in(json, "records");
  *ret_done = !cJSON_IsFalse(hd_json_in(json, "done"));
  if (cJSON_IsArray(rows)) return rows;
  (void)salesforce_malformed(err, "no \"records\" in it");
  return NULL;
}
