/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/driver/fail_calls.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#ifdef OAC_HAVE_LIBIIO
struct iio_context;
struct iio_device;
struct iio_channel;
struct iio_buffer;
#endif

static atomic_ulong armed[FAIL_KINDS], called[FAIL_KINDS];
static atomic_bool fired;
static atomic_ulong powerdown_writes;

void fail_arm(enum fail_kind kind, unsigned long n)
{
    for (int k = 0; k < FAIL_KINDS; k++) {
        atomic_store(&armed[k], 0);
        atomic_store(&called[k], 0);
    }
    atomic_store(&fired, false);
    atomic_store(&powerdown_writes, 0);
    atomic_store(&armed[kind], n);
}

bool fail_fired(void)
{
    return atomic_load(&fired);
}

unsigned long fail_writes_of(const char *attribute)
{
    return strcmp(attribute, "powerdown") == 0 ? atomic_load(&powerdown_writes) : 0;
}

static bool fails(enum fail_kind kind)
{
    const unsigned long number = atomic_fetch_add(&called[kind], 1) + 1;
    if (number != atomic_load(&armed[kind]))
        return false;
    atomic_store(&fired, true);
    return true;
}

void *__real_oac_alloc(size_t count, size_t size, const char *what, struct oac_err *err);
void *__wrap_oac_alloc(size_t count, size_t size, const char *what, struct oac_err *err);

void *__wrap_oac_alloc(size_t count, size_t size, const char *what, struct oac_err *err)
{
    if (!fails(FAIL_ALLOCATION))
        return __real_oac_alloc(count, size, what, err);
    (void)oac_fail(err, OAC_ENOMEM, "out of memory for %s, as the test wants it", what);
    return NULL;
}

static atomic_ulong stall_first, stall_each, pushes, stalls;
static atomic_uint stall_ms;

void fail_stall(unsigned long first, unsigned long each, unsigned ms)
{
    atomic_store(&stall_first, first);
    atomic_store(&stall_each, each);
    atomic_store(&pushes, 0);
    atomic_store(&stalls, 0);
    atomic_store(&stall_ms, ms);
}

unsigned long fail_stalls(void)
{
    return atomic_load(&stalls);
}

#ifdef OAC_HAVE_LIBIIO
static void stall(void)
{
    const unsigned long ms = atomic_load(&stall_ms), first = atomic_load(&stall_first);
    const unsigned long push = atomic_fetch_add(&pushes, 1) + 1;
    if (ms == 0 || push < first || (push - first) % atomic_load(&stall_each) != 0)
        return;
    atomic_fetch_add(&stalls, 1);
    const struct timespec late = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    nanosleep(&late, NULL);
}

#define WRAP(type, failure, name, parameters, arguments) \
    type __real_##name parameters;                       \
    type __wrap_##name parameters;                       \
    type __wrap_##name parameters                        \
    {                                                    \
        if (!fails(FAIL_LIBIIO))                         \
            return __real_##name arguments;              \
        errno = EIO;                                     \
        return failure;                                  \
    }

WRAP(struct iio_context *, NULL, iio_create_context_from_uri, (const char *uri), (uri))
WRAP(int, -EIO, iio_context_set_timeout, (struct iio_context * c, unsigned ms), (c, ms))
WRAP(ssize_t, -EIO, iio_device_attr_read,
     (const struct iio_device *d, const char *a, char *to, size_t n), (d, a, to, n))
WRAP(ssize_t, -EIO, iio_device_attr_write,
     (const struct iio_device *d, const char *a, const char *v), (d, a, v))
WRAP(ssize_t, -EIO, iio_channel_attr_read,
     (const struct iio_channel *c, const char *a, char *to, size_t n), (c, a, to, n))
WRAP(ssize_t, -EIO, iio_device_buffer_attr_read,
     (const struct iio_device *d, const char *a, char *to, size_t n), (d, a, to, n))
WRAP(ssize_t, -EIO, iio_device_buffer_attr_write,
     (const struct iio_device *d, const char *a, const char *v), (d, a, v))
WRAP(int, -EIO, iio_device_set_kernel_buffers_count,
     (const struct iio_device *d, unsigned count), (d, count))
WRAP(struct iio_buffer *, NULL, iio_device_create_buffer,
     (const struct iio_device *d, size_t samples, bool cyclic), (d, samples, cyclic))
WRAP(ssize_t, -EIO, iio_buffer_refill, (struct iio_buffer * b), (b))

ssize_t __real_iio_buffer_push(struct iio_buffer *b);
ssize_t __wrap_iio_buffer_push(struct iio_buffer *b);

ssize_t __wrap_iio_buffer_push(struct iio_buffer *b)
{
    stall();
    if (!fails(FAIL_LIBIIO))
        return __real_iio_buffer_push(b);
    errno = EIO;
    return -EIO;
}

ssize_t __real_iio_channel_attr_write(const struct iio_channel *c, const char *a,
                                      const char *v);
ssize_t __wrap_iio_channel_attr_write(const struct iio_channel *c, const char *a,
                                      const char *v);

ssize_t __wrap_iio_channel_attr_write(const struct iio_channel *c, const char *a, const char *v)
{
    if (strcmp(a, "powerdown") == 0 && strcmp(v, "1") == 0)
        atomic_fetch_add(&powerdown_writes, 1);
    return fails(FAIL_LIBIIO) ? -EIO : __real_iio_channel_attr_write(c, a, v);
}
#endif

static size_t entries(const char *path)
{
    size_t count = 0;
    DIR *dir = opendir(path);
    cr_assert_not_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

/* A thread that was joined may be seen a moment longer. */
static size_t settle(const char *path, size_t wanted)
{
    const struct timespec moment = {.tv_nsec = 10000000};
    size_t count = entries(path);
    for (int i = 0; i < 300 && count > wanted; i++) {
        nanosleep(&moment, NULL);
        count = entries(path);
    }
    return count;
}

static void check_message(const struct fail_loop *loop, unsigned long n,
                          const struct oac_err *err)
{
    cr_assert_gt(strlen(err->message), 10, "%s, call %lu: \"%s\"", loop->name, n, err->message);
    cr_assert_null(strchr(err->message, '\n'), "%s, call %lu: %s", loop->name, n, err->message);
}

void fail_every_call(const struct fail_loop *loop)
{
    struct oac_err err = {0};
    fail_arm(loop->kind, 0);
    cr_assert_eq(loop->live(loop->context, 0, &err), OAC_OK, "%s: %s", loop->name, err.message);
    const size_t descriptors = entries("/proc/self/fd"), threads = entries("/proc/self/task");
    const unsigned long stride = loop->stride ? loop->stride : 1;
    unsigned long n = 1, tried = 0, failed = 0;
    for (bool more = true; more; n += stride) {
        err = (struct oac_err){0};
        fail_arm(loop->kind, n);
        const enum oac_status status = loop->live(loop->context, n, &err);
        more = loop->fired ? loop->fired(loop->context) : fail_fired();
        if (loop->after)
            loop->after(loop->context, status);
        if (status)
            check_message(loop, n, &err);
        tried += more;
        failed += status != OAC_OK;
        cr_assert(more || !status, "%s: nothing was failed, and yet: %s", loop->name,
                  err.message);
        cr_assert_eq(settle("/proc/self/fd", descriptors), descriptors,
                     "%s, call %lu: a descriptor is left (%s)", loop->name, n, err.message);
        cr_assert_eq(settle("/proc/self/task", threads), threads,
                     "%s, call %lu: a thread is left (%s)", loop->name, n, err.message);
        fail_arm(loop->kind, 0);
        if (!status && tried % 4) /* what went on has shown that it works */
            continue;
        cr_assert_eq(loop->live(loop->context, 0, &err), OAC_OK,
                     "%s: after call %lu failed: %s", loop->name, n, err.message);
    }
    cr_log_info("%s: %lu calls failed, %lu of them stopped the work", loop->name, n - 1,
                failed);
    cr_assert_geq(n - 1, loop->least, "%s: only %lu calls", loop->name, n - 1);
}
