/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/kernel.h"

#include <stdatomic.h>
#include <string.h>

#ifdef OAC_LEVELS_X86

extern const struct oac_kernel oac_kernel_v1, oac_kernel_v3, oac_kernel_v4;

static bool has_v1(void)
{
    return true;
}

static bool has_v3(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}

static bool has_v4(void)
{
    return has_v3() && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

/* Best first. */
static const struct {
    const struct oac_kernel *kernel;
    bool (*available)(void);
} levels[] = {{&oac_kernel_v4, has_v4}, {&oac_kernel_v3, has_v3}, {&oac_kernel_v1, has_v1}};

#else

extern const struct oac_kernel oac_kernel_native;

static bool has_native(void)
{
    return true;
}

static const struct {
    const struct oac_kernel *kernel;
    bool (*available)(void);
} levels[] = {{&oac_kernel_native, has_native}};

#endif

#define LEVEL_COUNT (sizeof levels / sizeof levels[0])

/* The one process-wide choice: a user's, or the best once someone has asked. */
static _Atomic(const struct oac_kernel *) selected;

static const struct oac_kernel *best_level(void)
{
    for (size_t i = 0; i < LEVEL_COUNT; i++)
        if (levels[i].available())
            return levels[i].kernel;
    return levels[LEVEL_COUNT - 1].kernel;
}

const struct oac_kernel *oac_kernel(void)
{
    const struct oac_kernel *kernel = atomic_load_explicit(&selected, memory_order_relaxed);
    if (!kernel) {
        kernel = best_level(); /* the same for every thread that comes here first */
        atomic_store_explicit(&selected, kernel, memory_order_relaxed);
    }
    return kernel;
}

static void list_available(char *text, size_t bytes)
{
    text[0] = '\0';
    for (size_t i = LEVEL_COUNT; i-- > 0;) {
        if (!levels[i].available())
            continue;
        if (text[0])
            strncat(text, ", ", bytes - strlen(text) - 1);
        strncat(text, levels[i].kernel->level, bytes - strlen(text) - 1);
    }
}

enum oac_status oac_kernel_select(const char *level, struct oac_err *err)
{
    if (strcmp(level, "auto") == 0) {
        selected = best_level();
        return OAC_OK;
    }
    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        if (strcmp(level, levels[i].kernel->level) == 0 && levels[i].available()) {
            selected = levels[i].kernel;
            return OAC_OK;
        }
    }
    char available[64];
    list_available(available, sizeof available);
    return oac_fail(
        err, OAC_EUNSUPPORTED,
        "kernel level \"%s\" is not available here; this processor and build have: auto, %s",
        level, available);
}
