#include <stdlib.h>

#include "alloc.h"
#include "fit.h"

/* Below so many texts nothing is held back: the figures would be chance. */
#define HOLDOUT_LEAST 20u
/* Every so-many-th class is left out. */
#define OUTSIDE_STEP 2u

/* Deals the samples out so that every part holds every class in its share. */
static uint32_t *parts_deal(const struct local_sample *samples, size_t n, size_t class_count,
                            const struct local_fit_options *options) {
  uint32_t *part = local_alloc(n, sizeof *part);
  uint32_t *seen = local_alloc(class_count, sizeof *seen);
  for (size_t i = 0; i < class_count; i++) seen[i] = (uint32_t)i + options->seed;
  for (size_t i = 0; i < n; i++) part[i] = seen[samples[i].label]++ % options->parts;
  free(seen);
  return part;
}

/* One round of holding back: what is trained on, and what is then asked. */
struct round {
  struct local_sample *seen, *held;
  size_t seen_count, held_count;
};

static void round_run(const struct round *round, const char *const *names, size_t class_count,
                      const struct local_fit_options *options, struct local_trials *trials) {
  if (round->seen_count == 0 || round->held_count == 0) return;
  struct local_classifier *trial = local_fit_plain(round->seen, round->seen_count, names,
                                                   class_count, options);
  local_trials_add(trials, trial, round->held, round->held_count);
  local_classifier_free(&trial);
}

/* Rounds in which classes are left out too. */
static uint32_t outside_turns(const struct local_fit_options *options) {
  if (!options->strangers) return 0;
  return options->parts_used > 1 ? OUTSIDE_STEP : 1;
}

int64_t local_fit_steps(size_t n, const struct local_fit_options *options) {
  return n < HOLDOUT_LEAST ? 1 : 1 + (int64_t)options->parts_used + outside_turns(options);
}

struct local_classifier *local_fit(const struct local_sample *samples, size_t n,
                                   const char *const *names, size_t class_count,
                                   const struct local_fit_options *options) {
  struct local_trials trials = {0};
  struct local_trials outside = {0};
  uint32_t *part = parts_deal(samples, n, class_count, options);
  struct round round = {.seen = local_alloc(n, sizeof *round.seen),
                        .held = local_alloc(n, sizeof *round.held)};
  for (uint32_t turn = 0; turn < options->parts_used && n >= HOLDOUT_LEAST; turn++) {
    round.seen_count = round.held_count = 0;
    for (size_t i = 0; i < n; i++) {
      if (part[i] == turn)
        round.held[round.held_count++] = samples[i];
      else
        round.seen[round.seen_count++] = samples[i];
    }
    round_run(&round, names, class_count, options, &trials);
  }
  for (uint32_t turn = 0; turn < outside_turns(options) && n >= HOLDOUT_LEAST; turn++) {
    round.seen_count = round.held_count = 0;
    for (size_t i = 0; i < n; i++) {
      const bool left_out = samples[i].label % OUTSIDE_STEP == turn;
      if (!left_out && part[i] != turn) {
        round.seen[round.seen_count++] = samples[i];
      } else if (part[i] == turn) {
        round.held[round.held_count] = samples[i];
        if (left_out) round.held[round.held_count].label = LOCAL_NO_CLASS;
        round.held_count++;
      }
    }
    round_run(&round, names, class_count, options, &outside);
  }
  free(round.seen);
  free(round.held);
  free(part);
  struct local_classifier *classifier = local_fit_plain(samples, n, names, class_count, options);
  local_calibrate(classifier, &trials, &outside);
  local_trials_free(&trials);
  local_trials_free(&outside);
  return classifier;
}
