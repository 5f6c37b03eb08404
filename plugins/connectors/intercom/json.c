/* Intercom's documents. */
#include "json.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

int intercom_malformed(struct trg_err *err, const char *what) {
  snprintf(err->code, sizeof err->code, "%s", TRG_CODE_MALFORMED);
  snprintf(err->text, sizeof err->text, "Intercom's answer could not be understood: %s", what);
  return -1;
}

cJSON *intercom_json(struct trg_str body, struct trg_err *err) {
  const char *problem = "";
  cJSON *json = hd_json(body, &problem);
  if (json == NULL) (void)intercom_malformed(err, problem);
  return json;
}

int intercom_object_check(struct trg_str body, struct trg_err *err) {
  cJSON *json = intercom_json(body, err);
  if (json == NULL) return -1;
  const int rc = cJSON_IsObject(json) ? 0 : intercom_malformed(err, "it is no object");
  cJSON_Delete(json);
  return rc;
}

/* Most ids are strings (hex for contacts), some are numbers: admin_assignee_id, a part's id. */
static bool id_text(struct trg_str text) {
  if (text.n == 0 || text.n > 64) return false;
  for (size_t i = 0; i < text.n; i++) {
    const char c = text.p[i];
    if (!(c >= '0' && c <= '9') && !((c | 32) >= 'a' && (c | 32) <= 'z') && c != '-' && c != '_')
      return false;
  }
  return true;
}

struct trg_str intercom_json_id(struct hd_mem *mem, const cJSON *object, const char *key) {
  const cJSON *item = hd_json_in(object, key);
  const struct trg_str text = hd_str(cJSON_GetStringValue(item));
  if (id_text(text)) return hd_keep(mem, text);
  const double number = cJSON_IsNumber(item) ? item->valuedouble : -1;
  /* 2^53 itself is refused too: 2^53 + 1 reads as it. */
  if (number >= 0 && number < 9007199254740992.0 && number == (double)(int64_t)number) {
    char digits[24];
    const int n = snprintf(digits, sizeof digits, "%lld", (long long)number);
    return hd_keep(mem, (struct trg_str){digits, (size_t)n});
  }
  return (struct trg_str){NULL, 0};
}

int64_t intercom_json_int(const cJSON *object, const char *key) {
  const cJSON *item = hd_json_in(object, key);
  if (!cJSON_IsNumber(item) || !(item->valuedouble > 0) || item->valuedouble > 4e12) return 0;
  return (int64_t)item->valuedouble;
}
