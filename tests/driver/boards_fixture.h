/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A virtual bench of several boards, each served on a port of its own from threads of the test. */
#ifndef OAC_TESTS_DRIVER_BOARDS_FIXTURE_H
#define OAC_TESTS_DRIVER_BOARDS_FIXTURE_H

#include <string.h>

#include "base/digest.h"
#include "driver/twin/serve.h"
#include "sim/noise.h"

struct boards_fixture {
    struct oac_rig rig;
    struct oac_bench_boards boards;
    uint8_t hash[32];
    struct oac_twin_faults faults;
    struct oac_twin *twin;
    struct oac_twin_serve *serve;
    const char *uri;
};

/* m2k-bench with these changes. NULL, or what failed. */
static inline const char *boards_fixture_describe(struct boards_fixture *f,
                                                  const char *const *sets, size_t count,
                                                  struct oac_err *err)
{
    memset(f, 0, sizeof *f);
    if (oac_rig_read("m2k-bench", sets, count, &f->rig, NULL, err) ||
        oac_bench_boards_read(&f->rig, &f->boards, err))
        return err->message;
    return NULL;
}

/* Served with rounding as the only noise. NULL, or what failed. */
static inline const char *boards_fixture_start(struct boards_fixture *f, struct oac_err *err)
{
    static const char *const any[OAC_BENCH_BOARDS_MAX] = {"127.0.0.1:0", "127.0.0.1:0",
                                                          "127.0.0.1:0", "127.0.0.1:0"};
    const struct oac_twin_options options = {
        .bench = {&f->boards, &f->rig, f->hash, OAC_NOISE_ADC, 1}, .faults = &f->faults};
    if (oac_twin_create(&options, &f->twin, err) ||
        oac_twin_serve_open(f->twin, &f->boards, any, NULL, &f->serve, err))
        return err->message;
    f->uri = oac_twin_serve_uri(f->serve);
    return NULL;
}

static inline void boards_fixture_end(struct boards_fixture *f)
{
    oac_twin_serve_close(f->serve);
    oac_twin_destroy(f->twin);
    f->serve = NULL;
    f->twin = NULL;
}

#endif
