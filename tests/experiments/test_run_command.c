/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `oac run` as a process: one line for each failure, its exit code, and nothing half-written. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/need.h"
#include "tests/support/process.h"
#include "tests/support/small_world.h"

#define ARGUMENTS_MAX 24

struct process {
    const char *argument[ARGUMENTS_MAX]; /* after "oac run", ended by NULL */
    rlim_t file_bytes_max;               /* 0: no limit */
    int code;                            /* exit code; 128 + signal */
    char out[8192], err[8192];
};

static void read_back(const char *dir, const char *name, char *text, size_t bytes)
{
    char path[OAC_TEST_DIR_BYTES + 16];
    FILE *file = fopen(oac_test_dir_path(dir, name, path), "r");

    cr_assert(file != NULL);
    text[fread(text, 1, bytes - 1, file)] = '\0';
    fclose(file);
    remove(path);
}

static void become(const struct process *p, const char *dir)
{
    char out[OAC_TEST_DIR_BYTES + 16], err[OAC_TEST_DIR_BYTES + 16], program[4096];
    const char *binary_dir = getenv("OAC_BINARY_DIR");
    char *arguments[ARGUMENTS_MAX + 2] = {"oac", "run"};

    snprintf(program, sizeof program, "%s/cli/oac", binary_dir ? binary_dir : ".");
    for (size_t i = 0; p->argument[i]; i++)
        arguments[i + 2] = (char *)p->argument[i];
    if (!freopen(oac_test_dir_path(dir, "out", out), "w", stdout) ||
        !freopen(oac_test_dir_path(dir, "err", err), "w", stderr))
        _exit(99);
    if (p->file_bytes_max) {
        const struct rlimit limit = {p->file_bytes_max, p->file_bytes_max};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    execv(program, arguments);
    _exit(98);
}

/* Runs `oac run` with its output kept in `dir` and read back. */
static void run(struct process *p, const char *dir)
{
    int status;
    pid_t child = fork();

    cr_assert(child >= 0);
    if (child == 0)
        become(p, dir);
    cr_assert_eq(waitpid(child, &status, 0), child);
    p->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    read_back(dir, "out", p->out, sizeof p->out);
    read_back(dir, "err", p->err, sizeof p->err);
}

/* One line on stderr that begins "oac: ", nothing on stdout. */
static void one_line(const struct process *p, int code)
{
    size_t length = strlen(p->err);

    cr_expect_eq(p->code, code, "exit %d: %s", p->code, p->err);
    cr_expect_str_empty(p->out);
    cr_expect(strncmp(p->err, "oac", 3) == 0, "%s", p->err);
    cr_expect(length > 0 && strchr(p->err, '\n') == p->err + length - 1, "%s", p->err);
}

Test(run_command, each_wrong_input_is_one_line_and_exit_1)
{
    struct oac_small_world w;
    char path[OAC_TEST_DIR_BYTES + 32];

    oac_small_world_make(&w);
    size_t before = oac_test_dir_entries(w.dir);
    const char *missing = oac_test_dir_path(w.dir, "missing/run.h5", path);
    struct {
        struct process p;
        const char *names;
    } cases[] = {
        {.p.argument = {"--model", w.wide, "--data", w.data, "--rig", "ideal", "--quiet"},
         .names = "100 inputs"},
        {.p.argument = {"--model", "nowhere.h5", "--data", w.data, "--rig", "ideal", "--quiet"},
         .names = "nowhere.h5"},
        {.p.argument = {"--model", w.data, "--data", w.data, "--rig", "ideal", "--quiet"},
         .names = w.data},
        {.p.argument = {"--model", w.model, "--data", "no-such-set", "--rig", "ideal",
                        "--quiet"},
         .names = "no-such-set"},
        {.p.argument = {"--model", w.model, "--data", w.data, "--rig", "no-such-rig",
                        "--quiet"},
         .names = "no-such-rig"},
        {.p.argument = {"--model", w.model, "--data", w.data, "--rig", "ideal", "--quiet",
                        "--set", "laser.power=3"},
         .names = "laser.power"},
        {.p.argument = {"--model", w.model, "--data", w.data, "--rig", "ideal", "--quiet", "-o",
                        missing},
         .names = "missing"},
        {.p.argument = {"--model", w.model, "--data", w.data, "--rig", "ideal", "--quiet",
                        "--split", "breakfast"},
         .names = "breakfast"},
        {.p.argument = {"--model", w.model, "--data", w.data, "--rig", "ideal", "--quiet",
                        "--on", "moon"},
         .names = "moon"},
        {.p.argument = {"--model", w.model, "--data", w.data, "--rig", "ideal", "--quiet",
                        "--images", "201"},
         .names = "201"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run(&cases[i].p, w.dir);
        one_line(&cases[i].p, 1);
        cr_expect(strstr(cases[i].p.err, cases[i].names), "case %zu: %s", i, cases[i].p.err);
    }
    cr_expect_eq(oac_test_dir_entries(w.dir), before);
    oac_small_world_remove(&w);
}

Test(run_command, each_wrong_option_is_exit_2_and_names_the_option)
{
    struct oac_small_world w;

    oac_small_world_make(&w);
    struct {
        struct process p;
        const char *names;
    } cases[] = {
        {.p.argument = {"--rig", "ideal"}, .names = "--model"},
        {.p.argument = {"--model", w.model}, .names = "--rig"},
        {.p.argument = {"--model", w.model, "--rig", "ideal", "--images", "0"},
         .names = "--images"},
        {.p.argument = {"--model", w.model, "--rig", "ideal", "--images", "ten"},
         .names = "--images"},
        {.p.argument = {"--model", w.model, "--rig", "ideal", "--noise", "shot,hum"},
         .names = "hum"},
        {.p.argument = {"--model", w.model, "--rig", "ideal", "--encoding", "morse"},
         .names = "--encoding"},
        {.p.argument = {"--model", w.model, "--rig", "ideal", "--photons-per-mac", "nan"},
         .names = "--photons-per-mac"},
        {.p.argument = {"--model", w.model, "--rig", "ideal", "--photons-per-mac", "-1"},
         .names = "--photons-per-mac"},
        {.p.argument = {"--model", w.model, "--rig", "ideal", "--photon-budget", "sample"},
         .names = "preweight"},
        {.p.argument = {"--model", w.model, "--rig", "ideal", "--seed", "-1"},
         .names = "--seed"},
        {.p.argument = {"--model", w.model, "--rig", "ideal", "--threads", "0"},
         .names = "--threads"},
        {.p.argument = {"--model", w.model, "--rig", "ideal", "--bananas"}, .names = "bananas"},
        {.p.argument = {"--model", w.model, "--rig", "ideal", "extra"}, .names = "extra"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run(&cases[i].p, w.dir);
        cr_expect_eq(cases[i].p.code, 2, "case %zu: exit %d", i, cases[i].p.code);
        cr_expect(strstr(cases[i].p.err, cases[i].names), "case %zu: %s", i, cases[i].p.err);
    }
    oac_small_world_remove(&w);
}

Test(run_command, missed_accuracy_is_exit_1_after_the_result)
{
    struct oac_small_world w;

    oac_small_world_make(&w);
    struct process p = {.argument = {"--model", w.model, "--data", w.data, "--rig", "ideal",
                                     "--quiet", "--photons-per-mac", "0.0001", "--min-accuracy",
                                     "0.99"}};
    run(&p, w.dir);
    cr_expect_eq(p.code, 1);
    cr_expect(strstr(p.out, "images right"), "%s", p.out);
    cr_expect(strstr(p.err, "--min-accuracy"), "%s", p.err);
    oac_small_world_remove(&w);
}

/* The old result survives, and nothing else is left in its directory. */
static void old_file_stays(const char *dir, const char *path)
{
    char text[16] = "";
    FILE *file = fopen(path, "r");

    cr_assert(file != NULL, "%s is gone", path);
    cr_expect_eq(fread(text, 1, sizeof text, file), 3);
    cr_expect_str_eq(text, "old");
    fclose(file);
    cr_expect_eq(oac_test_dir_entries(dir), 1);
}

static void run_into(const struct oac_small_world *w, struct process p, const char *dir)
{
    char path[OAC_TEST_DIR_BYTES + 16];

    oac_test_file_put(oac_test_dir_path(dir, "run.h5", path), "old", 3);
    const char *common[] = {"--model", w->model,  "--data", w->data, "--rig",
                            "ideal",   "--quiet", "-o",     path};
    size_t given = 0;
    while (p.argument[given])
        given++;
    memcpy(p.argument + given, common, sizeof common);
    run(&p, w->dir);
    one_line(&p, 1);
    cr_expect(strstr(p.err, "run.h5"), "%s", p.err);
    old_file_stays(dir, path);
}

static void make_output_dir(const struct oac_small_world *w, char *dir)
{
    oac_test_dir_path(w->dir, "results", dir);
    cr_assert_eq(mkdir(dir, 0700), 0);
}

Test(run_command, file_size_limit_leaves_the_old_result)
{
    struct oac_small_world w;
    char dir[OAC_TEST_DIR_BYTES + 16];

    oac_small_world_make(&w);
    make_output_dir(&w, dir);
    /* Enough for messages, too little for any HDF5 result. */
    run_into(&w, (struct process){.file_bytes_max = 2048}, dir);
    oac_small_world_remove(&w);
}

Test(run_command, full_disk_leaves_the_old_result)
{
    struct oac_small_world w;
    char dir[OAC_TEST_DIR_BYTES + 16];

    oac_small_world_make(&w);
    make_output_dir(&w, dir);
    bool mounted = mount("tmpfs", dir, "tmpfs", 0, "size=8k") == 0;
    if (!mounted)
        oac_small_world_remove(&w);
    oac_test_need(mounted, "the right to mount a small tmpfs (root)");
    run_into(&w, (struct process){0}, dir);
    umount(dir);
    oac_small_world_remove(&w);
}

Test(run_command, interrupt_in_mid_run_is_exit_130_and_leaves_the_old_result)
{
    struct oac_small_world w;
    char dir[OAC_TEST_DIR_BYTES + 16];

    oac_small_world_make(&w);
    make_output_dir(&w, dir);
    char path[OAC_TEST_DIR_BYTES + 16];
    oac_test_file_put(oac_test_dir_path(dir, "run.h5", path), "old", 3);
    /* Millions of windows: minutes of work in batches of well below a second. */
    struct oac_test_process p = oac_test_oac_signalled(
        (const char *const[]){"run", "--model", w.model, "--data", w.data, "--rig", "ideal",
                              "--repeats", "20000", "--batch", "1", "--threads", "1",
                              "--progress", "-o", path, NULL},
        "images: ", SIGINT);
    cr_expect_eq(p.code, 130, "exit %d: %s", p.code, p.said);
    cr_expect_str_empty(p.out);
    const char *last = strstr(p.said, "\noac: ");
    cr_assert_not_null(last, "%s", p.said);
    cr_expect(strchr(last + 1, '\n') == p.said + strlen(p.said) - 1, "%s", p.said);
    cr_expect(strstr(last, "run.h5"), "%s", p.said);
    oac_test_process_fini(&p);
    old_file_stays(dir, path);
    oac_small_world_remove(&w);
}
