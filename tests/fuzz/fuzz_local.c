/* Feeds any bytes to what the local backend reads: its model file, and the JSON of a request. The
 * first byte chooses. A model file gets its length and checksum put right, so that the checks
 * behind them are reached too; one that loads must answer. */
#include "../../plugins/models/local/alloc.h"
#include "../../plugins/models/local/answer.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define HEAD_BYTES 28u

static uint32_t crc32_of(const uint8_t *bytes, size_t n) {
  uint32_t crc = 0xFFFFFFFFu;
  for (size_t i = 0; i < n; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = (crc & 1) ? 0xEDB88320u ^ crc >> 1 : crc >> 1;
  }
  return ~crc;
}

static void ask(const struct local_model *model, const struct local_language *language,
                const cJSON *input) {
  struct local_scratch scratch = {0};
  struct local_text text = {0};
  const struct local_mind mind = {model, language, &scratch, &text};
  cJSON *answers[] = {local_triage(&mind, input), local_draft(&mind, input),
                      local_verify(&mind, input)};
  for (size_t i = 0; i < 3; i++) {
    char *rendered = cJSON_PrintUnformatted(answers[i]);
    if (!rendered) abort();
    cJSON_free(rendered);
    cJSON_Delete(answers[i]);
  }
  local_scratch_free(&scratch);
  local_text_free(&text);
}

static void as_model(const struct local_language *language, const uint8_t *bytes, size_t size) {
  if (size < HEAD_BYTES) return;
  char *file = local_copy((const char *)bytes, size);
  memcpy(file, "TRGLOCAL\1\0\0\0\4\3\2\1", 16);
  const uint64_t payload = size - HEAD_BYTES;
  const uint32_t crc = crc32_of(bytes + HEAD_BYTES, size - HEAD_BYTES);
  memcpy(file + 16, &payload, sizeof payload);
  memcpy(file + 24, &crc, sizeof crc);
  struct local_model model = {0};
  struct trg_err err;
  if (local_model_read(file, size, &model, &err) == 0) {
    cJSON *input = cJSON_Parse("{\"ticket\":{\"subject\":\"a\",\"body\":\"where is my parcel\"}}");
    ask(&model, language, input);
    cJSON_Delete(input);
    local_model_free(&model);
  } else if (!memchr(err.text, '\0', sizeof err.text) || err.text[0] == '\0') {
    abort();
  }
  free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static struct local_language *language;
  if (!language) language = local_language_open(LOCAL_FINGERPRINTS);
  if (size < 1) return 0;
  if (bytes[0] == 'M') {
    as_model(language, bytes + 1, size - 1);
    return 0;
  }
  cJSON *input = cJSON_ParseWithLength((const char *)bytes, size);
  const struct local_model nothing = {0};
  if (cJSON_IsObject(input)) ask(&nothing, language, input);
  cJSON_Delete(input);
  return 0;
}
