#include "openai_rig.h"

struct llm_rig openai_rig_open(const char *a, const char *b, const char *c) {
  return llm_rig_open(&triaged_plugin_openai,
                      (const char *const[]){"model=gpt-6-luna", "key=" OPENAI_KEY, a, b, c, NULL});
}
