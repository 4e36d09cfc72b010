/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all conversations of a virtual board share. */
#include <stdlib.h>

#include "base/alloc.h"
#include "driver/twin/context_xml.h"
#include "driver/twin/session.h"

struct whole { /* a twin and the faults of one that has none */
    struct oac_twin twin;
    struct oac_twin_faults none;
};

enum oac_status oac_twin_create(const struct oac_twin_options *options, struct oac_twin **twin,
                                struct oac_err *err)
{
    struct whole *whole = oac_alloc(1, sizeof *whole, "a virtual bench", err);
    if (!whole)
        return err->status;
    struct oac_twin *made = &whole->twin;
    made->faults = options->faults ? options->faults : &whole->none;
    made->heard = options->heard;
    made->heard_context = options->heard_context;
    pthread_mutex_init(&made->lock, NULL);
    if (oac_twin_bench_create(&options->bench, &made->bench, err) ||
        oac_twin_devices_create(options->bench.board,
                                oac_twin_bench_shape(made->bench)->rate_hz, &made->devices,
                                err) ||
        oac_twin_playback_create(made->bench, made->devices->count, options->bench.seed,
                                 &made->playback, err) ||
        oac_twin_context_xml(made->devices, options->bench.rig->name, &made->xml,
                             &made->xml_bytes, err)) {
        oac_twin_destroy(made);
        return err->status;
    }
    *twin = made;
    return OAC_OK;
}

void oac_twin_destroy(struct oac_twin *twin)
{
    if (!twin)
        return;
    oac_twin_playback_destroy(twin->playback);
    oac_twin_devices_destroy(twin->devices);
    oac_twin_bench_destroy(twin->bench);
    free(twin->xml);
    pthread_mutex_destroy(&twin->lock);
    free(twin); /* the first member of what was allocated */
}
