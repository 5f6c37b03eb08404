/* Zendesk's documents. */
#include "json.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

int zd_malformed(struct trg_err *err, const char *what) {
  snprintf(err->code, sizeof err->code, "%s", TRG_CODE_MALFORMED);
  snprintf(err->text, sizeof err->text, "Zendesk's answer could not be understood: %s", what);
  return -1;
}

cJSON *zd_json(struct trg_str body, struct trg_err *err) {
  const char *problem = "";
  cJSON *json = hd_json(body, &problem);
  if (json == NULL) (void)zd_malformed(err, problem);
  return json;
}

int zd_json_id(struct hd_mem *mem, const cJSON *object, const char *key, struct trg_str *ret,
               struct trg_err *err) {
  const cJSON *item = hd_json_in(object, key);
  char text[96];
  *ret = (struct trg_str){NULL, 0};
  if (item == NULL || cJSON_IsNull(item)) return 0;
  if (cJSON_IsString(item)) { /* as in webhook events */
    struct trg_str id = hd_str(item->valuestring);
    if (id.n == 0) return 0;
    if (hd_digits(id) || hd_is(id, "-1")) {
      *ret = hd_keep(mem, id);
      return 0;
    }
  } else if (cJSON_IsNumber(item)) {
    double number = item->valuedouble;
    /* 2^53 itself is refused too: 2^53 + 1 reads as it. -1 is the system as an author. */
    if (number >= -1 && number < 9007199254740992.0 && number == (double)(int64_t)number) {
      int n = snprintf(text, sizeof text, "%lld", (long long)number);
      *ret = hd_keep(mem, (struct trg_str){text, (size_t)n});
      return 0;
    }
  }
  snprintf(text, sizeof text, "\"%.40s\" is not an id that can be kept exactly", key);
  return zd_malformed(err, text);
}
