/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/process.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX 62
#define POLL_US       2000
#define PATIENCE_US   60000000

extern char **environ;

struct running {
    pid_t pid;
    int out_fd, said_fd; /* files in memory: nothing can block on a full pipe */
};

/* What the file holds so far. */
static char *contents(int fd)
{
    struct stat info;
    cr_assert_eq(fstat(fd, &info), 0);
    size_t size = (size_t)info.st_size, done = 0;
    char *text = malloc(size + 1);
    cr_assert_not_null(text);
    while (done < size) {
        ssize_t got = pread(fd, text + done, size - done, (off_t)done);
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    text[done] = '\0';
    return text;
}

static struct running start(const char *const *arguments)
{
    const char *build = getenv("OAC_BINARY_DIR");
    cr_assert_not_null(build, "OAC_BINARY_DIR is not set: run through ctest");
    char path[4096];
    snprintf(path, sizeof path, "%s/cli/oac", build);
    char *argv[ARGUMENTS_MAX + 2] = {path};
    size_t count = 0;
    for (; arguments[count]; count++) {
        cr_assert_lt(count, ARGUMENTS_MAX);
        argv[count + 1] = (char *)arguments[count];
    }
    struct running running = {
        .out_fd = memfd_create("stdout", MFD_CLOEXEC),
        .said_fd = memfd_create("stderr", MFD_CLOEXEC),
    };
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, running.out_fd, 1);
    posix_spawn_file_actions_adddup2(&actions, running.said_fd, 2);
    int failed = posix_spawn(&running.pid, path, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    cr_assert_eq(failed, 0, "%s: %s", path, strerror(failed));
    return running;
}

static struct oac_test_process finish(struct running *running)
{
    int status = 0;
    while (waitpid(running->pid, &status, 0) < 0)
        cr_assert_eq(errno, EINTR);
    struct oac_test_process process = {
        .code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
        .out = contents(running->out_fd),
        .said = contents(running->said_fd),
    };
    close(running->out_fd);
    close(running->said_fd);
    return process;
}

struct oac_test_process oac_test_oac(const char *const *arguments)
{
    struct running running = start(arguments);
    return finish(&running);
}

static bool has_said(const struct running *running, const char *trigger)
{
    char *text = contents(running->said_fd);
    bool found = strstr(text, trigger) != NULL;
    free(text);
    return found;
}

struct oac_test_process oac_test_oac_signalled(const char *const *arguments,
                                               const char *trigger, int signal_number)
{
    struct running running = start(arguments);
    for (long waited_us = 0; !has_said(&running, trigger); waited_us += POLL_US) {
        if (waited_us > PATIENCE_US) {
            kill(running.pid, SIGKILL);
            cr_assert_fail("oac has not said \"%s\" within a minute", trigger);
        }
        usleep(POLL_US);
    }
    kill(running.pid, signal_number);
    return finish(&running);
}

void oac_test_process_fini(struct oac_test_process *process)
{
    free(process->out);
    free(process->said);
}

size_t oac_test_lines(const char *text)
{
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}
