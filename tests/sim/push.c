/* Webhooks: events pushed to the client, sometimes twice, late, or not at all. One thread sends
 * them, so that a slow receiver never holds up the simulator. What they say and how they are signed
 * is the vendor's affair. */
#include "sim.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct push {
  int64_t at_ms; /* real time */
  char *body;
  uint64_t event;
  const struct push_way *way;
  unsigned attempt;
  struct push *next;
};

struct target {
  bool set;
  char path[256];
  struct sockaddr_in address;
};

struct pusher {
  struct sim *sim;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  struct push *waiting; /* ascending in at_ms */
  bool stopping;
  struct target targets[DESK_COUNT];
  uint64_t sent, failed;
};

static void push_insert(struct pusher *p, struct push *item) {
  struct push **at = &p->waiting;
  while (*at && (*at)->at_ms <= item->at_ms) {
    at = &(*at)->next;
  }
  item->next = *at;
  *at = item;
}

/* Reads the answer until its end, as far as there is room; its status, or 0. */
static int answer_read(int fd, char *reply, size_t room) {
  size_t n = 0;
  int status = 0;
  for (ssize_t got = 1; got > 0 && n < room - 1;) {
    got = recv(fd, reply + n, room - 1 - n, 0);
    n += got > 0 ? (size_t)got : 0;
  }
  reply[n] = '\0';
  (void)sscanf(reply, "HTTP/1.%*d %d", &status);
  return status;
}

/* Returns the HTTP status, or 0 when there was none or the answer is not what is wanted. */
static int push_send(struct pusher *p, const struct push *item) {
  const struct target *to = &p->targets[item->way->desk];
  struct buf request = {0};
  struct timeval patience = {.tv_sec = 12};
  char reply[4096];
  buf_printf(&request,
             "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n"
             "Content-Type: %s\r\n",
             to->path, (unsigned)ntohs(to->address.sin_port), item->way->content_type);
  if (item->way->headers) {
    item->way->headers(p->sim, item->event, item->body, &request);
  }
  buf_printf(&request, "Content-Length: %zu\r\n\r\n%s", strlen(item->body), item->body);
  int status = 0;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (fd >= 0 && connect(fd, (const struct sockaddr *)&to->address, sizeof to->address) == 0 &&
      send(fd, request.p, request.n, MSG_NOSIGNAL) == (ssize_t)request.n) {
    status = answer_read(fd, reply, sizeof reply);
    if (item->way->wanted && strstr(reply, item->way->wanted) == NULL) {
      status = 0;
    }
  }
  if (fd >= 0) {
    close(fd);
  }
  buf_free(&request);
  return status;
}

static void push_free(struct push *item) {
  free(item->body);
  free(item);
}

static void *pusher_thread(void *subject) {
  struct pusher *p = subject;
  pthread_mutex_lock(&p->lock);
  while (!p->stopping) {
    int64_t now = clock_real_ms();
    struct push *item = p->waiting;
    if (item == NULL || item->at_ms > now) {
      struct timespec until;
      clock_gettime(CLOCK_REALTIME, &until);
      int64_t wait_ms = item && item->at_ms - now < 200 ? item->at_ms - now : 200;
      until.tv_nsec += wait_ms * 1000000;
      until.tv_sec += until.tv_nsec / 1000000000;
      until.tv_nsec %= 1000000000;
      pthread_cond_timedwait(&p->wake, &p->lock, &until);
      continue;
    }
    p->waiting = item->next;
    pthread_mutex_unlock(&p->lock);
    int status = push_send(p, item);
    pthread_mutex_lock(&p->lock);
    item->attempt++;
    if (status >= 200 && status < 300) {
      p->sent++;
    } else if (item->way->again(status, item->attempt)) {
      item->at_ms = clock_real_ms() + 1000;
      push_insert(p, item);
      continue;
    } else {
      p->failed++;
    }
    push_free(item);
  }
  pthread_mutex_unlock(&p->lock);
  return NULL;
}

static bool target_read(struct target *t, const char *url) {
  unsigned port = 0;
  char path[256] = "/";
  int n = sscanf(url, "http://127.0.0.1:%u%255s", &port, path);
  if (n < 1) {
    n = sscanf(url, "http://localhost:%u%255s", &port, path);
  }
  memcpy(t->path, path, sizeof path);
  t->address.sin_family = AF_INET;
  t->address.sin_port = htons((uint16_t)port);
  t->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  t->set = n >= 1 && port > 0 && port <= 65535;
  return t->set;
}

struct pusher *pusher_open(struct sim *s) {
  struct pusher *p = mem_alloc(sizeof *p);
  p->sim = s;
  for (size_t i = 0; i < DESK_COUNT; i++) {
    if (s->opt.webhook[i] && !target_read(&p->targets[i], s->opt.webhook[i])) {
      free(p);
      return NULL;
    }
  }
  pthread_mutex_init(&p->lock, NULL);
  pthread_cond_init(&p->wake, NULL);
  pthread_create(&p->thread, NULL, pusher_thread, p);
  return p;
}

void pusher_close(struct pusher *p) {
  if (p == NULL) {
    return;
  }
  pthread_mutex_lock(&p->lock);
  p->stopping = true;
  pthread_cond_signal(&p->wake);
  pthread_mutex_unlock(&p->lock);
  pthread_join(p->thread, NULL);
  while (p->waiting) {
    struct push *item = p->waiting;
    p->waiting = item->next;
    push_free(item);
  }
  free(p);
}

static void push_add(struct pusher *p, const char *body, uint64_t event, const struct push_way *way,
                     int64_t delay_ms) {
  struct push *item = mem_alloc(sizeof *item);
  struct buf copy = {0};
  buf_str(&copy, body);
  item->body = buf_take(&copy);
  item->event = event;
  item->way = way;
  item->at_ms = clock_real_ms() + delay_ms;
  push_insert(p, item);
}

bool pusher_wants(const struct sim *s, size_t desk) {
  return s->pusher && s->pusher->targets[desk].set;
}

void pusher_send(struct sim *s, const char *body, uint64_t event, const struct push_way *way) {
  struct pusher *p = s->pusher;
  uint64_t h = hash_mix(hash_mix(s->opt.seed, 0x9055), event);
  pthread_mutex_lock(&p->lock);
  /* late by up to three seconds: what happened afterwards overtakes it */
  int64_t delay_ms = hash_unit(h) < s->opt.webhook_late ? (int64_t)(hash_mix(h, 1) % 3000) : 0;
  if (hash_unit(hash_mix(h, 2)) < s->opt.webhook_repeat) {
    push_add(p, body, event, way, delay_ms + 50);
  }
  if (hash_unit(hash_mix(h, 3)) >= s->opt.webhook_lost) {
    push_add(p, body, event, way, delay_ms);
  }
  pthread_cond_signal(&p->wake);
  pthread_mutex_unlock(&p->lock);
}

void pusher_count(struct pusher *p, uint64_t *ret_sent, uint64_t *ret_failed) {
  *ret_sent = *ret_failed = 0;
  if (p) {
    pthread_mutex_lock(&p->lock);
    *ret_sent = p->sent;
    *ret_failed = p->failed;
    pthread_mutex_unlock(&p->lock);
  }
}
