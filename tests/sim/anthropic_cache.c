/* Prompt caching. The prompt is a row of blocks, tools then system then messages; a mark writes the
 * prefix that ends with its block, and reads the longest prefix that is known at one of the twenty
 * blocks before it. */
#include "anthropic.h"

#include <stdlib.h>
#include <string.h>

enum { LOOK_BACK = 20 };

struct block {
  uint64_t hash;  /* of everything up to here */
  int64_t bytes;  /* of everything up to here */
  int64_t ttl_ms; /* of its mark; 0: not marked */
};

struct row {
  struct block *blocks;
  size_t n, cap;
  uint64_t hash;
  int64_t bytes;
};

static int64_t mark_ttl(const cJSON *block) {
  const cJSON *mark = cJSON_GetObjectItemCaseSensitive(block, "cache_control");
  const cJSON *ttl = cJSON_GetObjectItemCaseSensitive(mark, "ttl");
  if (!cJSON_IsObject(mark)) {
    return 0;
  }
  return cJSON_IsString(ttl) && strcmp(ttl->valuestring, "1h") == 0 ? 3600000 : 300000;
}

static void row_add(struct row *r, const char *kind, const char *text, int64_t ttl_ms) {
  size_t n = strlen(text);
  if (r->n == r->cap) {
    r->cap = r->cap ? r->cap * 2 : 32;
    r->blocks = mem_grow(r->blocks, r->cap * sizeof *r->blocks);
  }
  r->hash = hash_bytes(hash_text(r->hash, kind), text, n);
  r->bytes += (int64_t)n + 8; /* the frame of a block costs a little too */
  r->blocks[r->n++] = (struct block){r->hash, r->bytes, ttl_ms};
}

/* A block without its mark, as moving a mark does not change the prompt. */
static void row_add_json(struct row *r, const char *kind, const cJSON *block) {
  cJSON *copy = cJSON_Duplicate(block, true);
  cJSON_DeleteItemFromObjectCaseSensitive(copy, "cache_control");
  char *text = cJSON_PrintUnformatted(copy);
  const cJSON *plain = cJSON_GetObjectItemCaseSensitive(block, "text");
  row_add(r, kind, cJSON_IsString(plain) ? plain->valuestring : text, mark_ttl(block));
  cJSON_free(text);
  cJSON_Delete(copy);
}

static void row_read(struct row *r, const struct ask *a) {
  const cJSON *item = NULL;
  const cJSON *block = NULL;
  const cJSON *system = cJSON_GetObjectItemCaseSensitive(a->in, "system");
  r->hash = hash_text(23, a->model->id);
  if (a->format) {
    /* another format is another prompt */
    char *schema = cJSON_PrintUnformatted(a->format);
    r->hash = hash_text(r->hash, schema);
    cJSON_free(schema);
  }
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(a->in, "tools")) {
    row_add_json(r, "tool", item);
  }
  if (cJSON_IsString(system)) {
    row_add(r, "system", system->valuestring, 0);
  }
  cJSON_ArrayForEach(item, (cJSON_IsArray(system) ? system : NULL)) {
    row_add_json(r, "system", item);
  }
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(a->in, "messages")) {
    const cJSON *role = cJSON_GetObjectItemCaseSensitive(item, "role");
    const cJSON *content = cJSON_GetObjectItemCaseSensitive(item, "content");
    if (cJSON_IsString(content)) {
      row_add(r, role->valuestring, content->valuestring, 0);
      continue;
    }
    cJSON_ArrayForEach(block, content) {
      row_add_json(r, role->valuestring, block);
    }
  }
  if (r->n && mark_ttl(a->in)) {
    r->blocks[r->n - 1].ttl_ms = mark_ttl(a->in);
  }
}

static struct cache_entry *cache_get(struct anthropic *an, uint64_t hash, int64_t now) {
  uint64_t at = 0;
  if (!map_get(&an->cache_at, hash | 1, &at)) {
    return NULL;
  }
  struct cache_entry *e = &an->cache[at];
  return e->ready_ms <= now && e->expires_ms > now ? e : NULL;
}

static void cache_put(struct anthropic *an, uint64_t hash, int64_t now, int64_t ready_ms,
                      int64_t ttl_ms) {
  uint64_t at = 0;
  if (!map_get(&an->cache_at, hash | 1, &at)) {
    if (an->cache_count == an->cache_cap) {
      an->cache_cap = an->cache_cap ? an->cache_cap * 2 : 64;
      an->cache = mem_grow(an->cache, an->cache_cap * sizeof *an->cache);
    }
    at = an->cache_count++;
    an->cache[at] = (struct cache_entry){ready_ms, 0, ttl_ms};
    map_put(&an->cache_at, hash | 1, at);
  }
  struct cache_entry *e = &an->cache[at];
  if (e->expires_ms <= now) {
    e->ready_ms = ready_ms; /* written anew */
  }
  e->ttl_ms = ttl_ms;
  e->expires_ms = ready_ms + ttl_ms;
}

/* The longest known prefix, in tokens, at or before one of the marks. */
static int64_t cache_read(struct ask *a, const struct row *r, int64_t now) {
  struct anthropic *an = a->x->state;
  for (size_t i = r->n; i-- > 0;) {
    if (r->blocks[i].ttl_ms == 0) {
      continue;
    }
    for (size_t back = 0; back <= LOOK_BACK && back <= i; back++) {
      const struct block *b = &r->blocks[i - back];
      struct cache_entry *e = cache_get(an, b->hash, now);
      if (e) {
        e->expires_ms = now + e->ttl_ms; /* every use renews it */
        return model_tokens(a->model, (size_t)b->bytes);
      }
    }
  }
  return 0;
}

void cache_account(struct ask *a, struct usage *ret_usage) {
  struct row r = {0};
  struct anthropic *an = a->x->state;
  int64_t now = clock_now_ms(&a->x->sim->clock);
  memset(ret_usage, 0, sizeof *ret_usage);
  row_read(&r, a);
  int64_t total = model_tokens(a->model, (size_t)r.bytes);
  int64_t read = a->counting ? 0 : cache_read(a, &r, now);
  int64_t covered = read;
  for (size_t i = 0; i < r.n && !a->counting; i++) {
    const struct block *b = &r.blocks[i];
    int64_t tokens = model_tokens(a->model, (size_t)b->bytes);
    if (b->ttl_ms == 0 || tokens < a->model->cache_minimum || tokens <= read) {
      continue; /* below the minimum nothing is cached, and nobody says so */
    }
    if (b->ttl_ms == 3600000) {
      ret_usage->cache_write_1h += tokens - covered;
    } else {
      ret_usage->cache_write_5m += tokens - covered;
    }
    covered = tokens;
    cache_put(an, b->hash, now, now + a->x->sim->opt.model_latency_ms, b->ttl_ms);
  }
  ret_usage->cache_read = read;
  ret_usage->input = total - covered;
  free(r.blocks);
}
