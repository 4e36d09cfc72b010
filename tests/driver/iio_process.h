/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A virtual bench in a process of its own, which a test may stop, resume and kill; and what this process
 * holds, so that a test can tell that nothing was leaked. */
#ifndef OAC_TESTS_DRIVER_IIO_PROCESS_H
#define OAC_TESTS_DRIVER_IIO_PROCESS_H

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/driver/iio_fixture.h"

struct iio_process {
    double laser_db; /* set before start: how much brighter than the rig says */
    void (*hide)(struct oac_rig *rig); /* the same: what else is otherwise; NULL: nothing */
    pid_t pid;
    char uri[120];
};

static inline void iio_process_serve(const struct iio_process *process, int to, uint32_t noise,
                                     const char *fault)
{
    static struct iio_fixture bench;
    struct oac_err err;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (iio_fixture_describe(&bench, &err) ||
        (fault && oac_twin_fault_parse(fault, &bench.faults, &err)))
        _exit(1);
    bench.noise = noise;
    bench.rig.laser.power_dbm += process->laser_db;
    if (process->hide)
        process->hide(&bench.rig);
    if (iio_fixture_start(&bench, "127.0.0.1:0", &err) ||
        write(to, bench.uri, sizeof bench.uri) < 0)
        _exit(1);
    for (;;)
        pause();
}

/* False when it could not be started. Call before the test has threads of its own. */
static inline bool iio_process_start(struct iio_process *process, uint32_t noise,
                                     const char *fault)
{
    int ends[2];
    if (pipe(ends) != 0)
        return false;
    process->pid = fork();
    if (process->pid == 0)
        iio_process_serve(process, ends[1], noise, fault);
    close(ends[1]);
    const ssize_t got = read(ends[0], process->uri, sizeof process->uri);
    close(ends[0]);
    return process->pid > 0 && got == (ssize_t)sizeof process->uri;
}

static inline void iio_process_signal(const struct iio_process *process, int number)
{
    int status;
    kill(process->pid, number);
    if (number == SIGSTOP) /* until it has stopped */
        waitpid(process->pid, &status, WUNTRACED);
    if (number == SIGKILL)
        waitpid(process->pid, &status, 0);
}

struct iio_later { /* a signal to the bench while this thread is inside a call */
    const struct iio_process *process;
    int number;
    double after_s;
    pthread_t thread;
};

static inline void *iio_later_run(void *context)
{
    const struct iio_later *later = context;
    const struct timespec wait = {
        (time_t)later->after_s, (long)(1e9 * (later->after_s - (double)(long)later->after_s))};
    nanosleep(&wait, NULL);
    iio_process_signal(later->process, later->number);
    return NULL;
}

static inline void iio_later_start(struct iio_later *later)
{
    pthread_create(&later->thread, NULL, iio_later_run, later);
}

static inline void iio_later_join(struct iio_later *later)
{
    pthread_join(later->thread, NULL);
}

struct iio_held { /* by this process */
    size_t descriptors, threads;
};

static inline size_t iio_held_entries(const char *folder)
{
    size_t count = 0;
    DIR *dir = opendir(folder);
    while (dir && readdir(dir))
        count++;
    if (dir)
        closedir(dir);
    return count;
}

static inline struct iio_held iio_held_now(void)
{
    return (struct iio_held){iio_held_entries("/proc/self/fd"),
                             iio_held_entries("/proc/self/task")};
}

/* A joined thread leaves /proc a moment after pthread_join returns. */
static inline bool iio_held_again(const struct iio_held *before)
{
    const struct timespec moment = {0, 10000000};
    for (int i = 0; i < 100; i++) {
        const struct iio_held now = iio_held_now();
        if (now.descriptors <= before->descriptors && now.threads <= before->threads)
            return true;
        nanosleep(&moment, NULL);
    }
    return false;
}

#endif
