#include <triaged/connector.h>
#include <triaged/model.h>

#include "plugin/registry.h"
#include "test_net_help.h"

#include <sys/stat.h>

/* Plugins are compiled for these tests, by the compiler that built them. */
static const char source[] =
    "#include <triaged/connector.h>\n"
    "static int o(const struct trg_host *h, trg_inst *i, const void *c, void **r,\n"
    "             struct trg_err *e) { (void)h; (void)i; (void)c; (void)e; *r = 0; return 0; }\n"
    "static void c(void *s) { (void)s; }\n"
    "static void p(void *s, trg_op op) { (void)s; (void)op; }\n"
    "static void l(void *s, trg_op op, struct trg_str a, int64_t b)\n"
    "{ (void)s; (void)op; (void)a; (void)b; }\n"
    "static void f(void *s, trg_op op, struct trg_str a) { (void)s; (void)op; (void)a; }\n"
    "static void w(void *s, trg_op op, const struct trg_action *a)\n"
    "{ (void)s; (void)op; (void)a; }\n"
    "static const struct trg_connector_ops ops = {.size = sizeof ops, .probe = p, .poll = l,\n"
    "  .fetch = f, .write = w};\n"
    "TRG_EXPORT const struct trg_plugin SYMBOL = {.abi_major = MAJOR, .size = sizeof SYMBOL,\n"
    "  .kind = TRG_CONNECTOR, .name = NAME, .version = \"1\", .license = \"x\", .open = o,\n"
    "  .close = c, .ops = &ops};\n";

struct fixture {
  char dir[64];
  struct registry *r;
  struct trg_err err;
};

static int build(const struct fixture *f, const char *leaf, const char *symbol, const char *name,
                 int major) {
  char path[160], command[900];
  (void)snprintf(path, sizeof path, "%s/source.c", f->dir);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  (void)fputs(source, file);
  (void)fclose(file);
  const char *cc = getenv("CC");
  (void)snprintf(command, sizeof command,
                 "%s -shared -fPIC -fvisibility=hidden -Iinclude -DSYMBOL=%s -DNAME='\"%s\"' "
                 "-DMAJOR=%d -o %s/%s %s 2>/dev/null && chmod 755 %s/%s",
                 cc == NULL ? "cc" : cc, symbol, name, major, f->dir, leaf, path, f->dir, leaf);
  const int rc = system(command);
  (void)unlink(path);
  return rc;
}

#define BUILD(...)                                                                                 \
  do {                                                                                             \
    if (build(__VA_ARGS__) != 0) {                                                                 \
      print_message("skipped: no compiler, or not run from the sources\n");                        \
      skip();                                                                                      \
    }                                                                                              \
  } while (0)

static int setup(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  (void)snprintf(f->dir, sizeof f->dir, "/tmp/test_reg_XXXXXX");
  assert_non_null(mkdtemp(f->dir));
  f->r = registry_new(f->dir);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  registry_free(&f->r);
  char command[128];
  (void)snprintf(command, sizeof command, "rm -rf %s", f->dir);
  assert_int_equal(system(command), 0);
  free(f);
  return 0;
}

static void test_a_plugin_is_found_by_kind_and_name(void **state) {
  struct fixture *f = *state;
  BUILD(f, "connector-one.so", "triaged_plugin_one", "one", 1);
  const struct trg_plugin *p = registry_find(f->r, TRG_CONNECTOR, "one", &f->err);
  assert_non_null(p);
  assert_string_equal(p->name, "one");
  assert_ptr_equal(registry_find(f->r, TRG_CONNECTOR, "one", &f->err), p);
  assert_null(registry_find(f->r, TRG_MODEL, "one", &f->err));
  assert_non_null(strstr(f->err.text, "does not exist"));
}

static void test_a_folder_by_kind_works_too(void **state) {
  struct fixture *f = *state;
  char dir[128];
  (void)snprintf(dir, sizeof dir, "%s/connectors", f->dir);
  assert_int_equal(mkdir(dir, 0755), 0);
  BUILD(f, "connectors/connector-deep.so", "triaged_plugin_deep", "deep", 1);
  assert_non_null(registry_find(f->r, TRG_CONNECTOR, "deep", &f->err));
}

static void test_another_interface_version_is_refused_with_both_numbers(void **state) {
  struct fixture *f = *state;
  BUILD(f, "connector-nine.so", "triaged_plugin_nine", "nine", 9);
  assert_null(registry_find(f->r, TRG_CONNECTOR, "nine", &f->err));
  assert_string_equal(f->err.code, "plugin_abi");
  assert_non_null(strstr(f->err.text, "9.0"));
  assert_non_null(strstr(f->err.text, "1.0"));
}

static void test_a_missing_symbol_is_named(void **state) {
  struct fixture *f = *state;
  BUILD(f, "connector-two.so", "triaged_plugin_three", "three", 1);
  assert_null(registry_find(f->r, TRG_CONNECTOR, "two", &f->err));
  assert_non_null(strstr(f->err.text, "triaged_plugin_two"));
}

static void test_a_file_that_others_can_write_is_refused(void **state) {
  struct fixture *f = *state;
  BUILD(f, "connector-open.so", "triaged_plugin_open", "open", 1);
  char path[128];
  (void)snprintf(path, sizeof path, "%s/connector-open.so", f->dir);
  assert_int_equal(chmod(path, 0757), 0);
  assert_null(registry_find(f->r, TRG_CONNECTOR, "open", &f->err));
  assert_string_equal(f->err.code, "plugin_mode");
  assert_non_null(strstr(f->err.text, "0757"));
  assert_int_equal(chmod(path, 0755), 0);
  assert_int_equal(chmod(f->dir, 0777), 0);
  assert_null(registry_find(f->r, TRG_CONNECTOR, "open", &f->err));
  assert_non_null(strstr(f->err.text, "the plugin folder"));
  assert_int_equal(chmod(f->dir, 0755), 0);
  assert_non_null(registry_find(f->r, TRG_CONNECTOR, "open", &f->err));
}

static void test_a_file_of_another_user_is_refused(void **state) {
  struct fixture *f = *state;
  BUILD(f, "connector-his.so", "triaged_plugin_his", "his", 1);
  char path[128];
  (void)snprintf(path, sizeof path, "%s/connector-his.so", f->dir);
  if (geteuid() != 0 || chown(path, 12345, 12345) != 0) {
    print_message("skipped: only root can give files away\n");
    skip();
  }
  assert_null(registry_find(f->r, TRG_CONNECTOR, "his", &f->err));
  assert_string_equal(f->err.code, "plugin_owner");
  assert_non_null(strstr(f->err.text, "12345"));
}

static void test_names_that_leave_the_folder_are_refused(void **state) {
  struct fixture *f = *state;
  static const char *const names[] = {"../x", "a/b", "", "A", "a-b", "a.so"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    assert_null(registry_find(f->r, TRG_CONNECTOR, names[i], &f->err));
    assert_non_null(strstr(f->err.text, "no plugin name"));
  }
  assert_null(registry_find(f->r, 7, "one", &f->err));
}

struct problems {
  int count;
  char text[2048];
};

static void problem(void *arg, const char *path, const char *text) {
  struct problems *p = arg;
  p->count++;
  const size_t n = strlen(p->text);
  (void)snprintf(p->text + n, sizeof p->text - n, "%s: %s\n", path, text);
}

static void test_every_useless_file_is_told_and_the_rest_is_listed(void **state) {
  struct fixture *f = *state;
  BUILD(f, "connector-zeta.so", "triaged_plugin_zeta", "zeta", 1);
  BUILD(f, "connector-alpha.so", "triaged_plugin_alpha", "alpha", 1);
  BUILD(f, "connector-old.so", "triaged_plugin_old", "old", 0);
  BUILD(f, "strange.so", "triaged_plugin_strange", "strange", 1);
  char path[128];
  (void)snprintf(path, sizeof path, "%s/model-junk.so", f->dir);
  FILE *file = fopen(path, "w");
  (void)fputs("not an object", file);
  (void)fclose(file);
  struct problems p = {0};
  registry_check(f->r, problem, &p);
  assert_int_equal(p.count, 3);
  assert_non_null(strstr(p.text, "connector-old.so"));
  assert_non_null(strstr(p.text, "model-junk.so"));
  assert_non_null(strstr(p.text, "connector-NAME.so"));
  const char *const *names = registry_names(f->r, TRG_CONNECTOR);
  int at = 0;
  while (names[at] != NULL && strcmp(names[at], "alpha") != 0) at++;
  assert_non_null(names[at]);
  assert_string_equal(names[at + 1], "zeta");
  assert_null(names[at + 2]);
}

static int open_nothing(const struct trg_host *host, trg_inst *inst, const void *conf, void **ret,
                        struct trg_err *err) {
  (void)host, (void)inst, (void)conf, (void)err;
  *ret = NULL;
  return 0;
}
static void close_nothing(void *self) {
  (void)self;
}
static void complete(void *self, trg_op op, const struct trg_model_request *r) {
  (void)self, (void)op, (void)r;
}
static void estimate(void *self, const struct trg_model_request *r, struct trg_usage *ret) {
  (void)self, (void)r, (void)ret;
}

static void test_descriptors_are_judged_without_loading(void **state) {
  (void)state;
  struct trg_err err = {0};
  struct trg_model_ops ops = {.size = sizeof ops, .complete = complete, .estimate = estimate};
  struct trg_plugin p = {.abi_major = TRG_ABI_MAJOR,
                         .abi_minor = 7,
                         .size = sizeof p + 64,
                         .kind = TRG_MODEL,
                         .name = "m",
                         .version = "1",
                         .open = open_nothing,
                         .close = close_nothing,
                         .ops = &ops};
  assert_int_equal(registry_accept(&p, TRG_MODEL, "m", &err), 0); /* newer minor, larger: fine */
  assert_true(registry_accept(NULL, TRG_MODEL, "m", &err) < 0);
  assert_true(registry_accept(&p, TRG_CONNECTOR, "m", &err) < 0);
  assert_non_null(strstr(err.text, "model backend"));
  assert_true(registry_accept(&p, TRG_MODEL, "n", &err) < 0);
  ops.caps = TRG_MODEL_TRAIN;
  assert_true(registry_accept(&p, TRG_MODEL, "m", &err) < 0);
  assert_non_null(strstr(err.text, "train()"));
  ops.caps = 0;
  ops.complete = NULL;
  assert_true(registry_accept(&p, TRG_MODEL, "m", &err) < 0);
  ops.complete = complete;
  const struct trg_field fields[] = {{.name = "key", .offset = 8}, {.name = NULL}};
  p.fields = fields;
  p.conf_size = 8;
  assert_true(registry_accept(&p, TRG_MODEL, "m", &err) < 0);
  assert_non_null(strstr(err.text, "key"));
  p.conf_size = 16;
  assert_int_equal(registry_accept(&p, TRG_MODEL, "m", &err), 0);
  p.size = 16;
  assert_true(registry_accept(&p, TRG_MODEL, "m", &err) < 0);
}

static void test_a_missing_folder_has_no_plugins(void **state) {
  (void)state;
  struct registry *r = registry_new("/nonexistent/plugins");
  struct problems p = {0};
  registry_check(r, problem, &p);
  assert_int_equal(p.count, 0);
  assert_non_null(registry_names(r, TRG_MODEL));
  assert_non_null(registry_names(r, 0));
  assert_null(registry_find(r, TRG_CONNECTOR, "no_such", NULL));
  registry_free(&r);
  r = registry_new(NULL);
  assert_non_null(r);
  registry_free(&r);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
  const struct CMUnitTest tests[] = {
      T(test_a_plugin_is_found_by_kind_and_name),
      T(test_a_folder_by_kind_works_too),
      T(test_another_interface_version_is_refused_with_both_numbers),
      T(test_a_missing_symbol_is_named),
      T(test_a_file_that_others_can_write_is_refused),
      T(test_a_file_of_another_user_is_refused),
      T(test_names_that_leave_the_folder_are_refused),
      T(test_every_useless_file_is_told_and_the_rest_is_listed),
      cmocka_unit_test(test_descriptors_are_judged_without_loading),
      cmocka_unit_test(test_a_missing_folder_has_no_plugins),
  };
  return cmocka_run_group_tests_name("plugin_registry", tests, NULL, NULL);
}
