/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/registry.h"

#include <stdio.h>
#include <string.h>

#include "driver/iio/stream.h"
#include "hal/modem.h"
#include "hal/stream.h"
#include "sim/analytic.h"
#include "sim/waveform/waveform.h"

static enum oac_status open_sim(const struct oac_registry_request *request,
                                struct oac_link *link, struct oac_err *err)
{
    return oac_analytic_open(request->rig, request->rig_hash, request->noise, request->seed,
                             link, err);
}

/* The modem closes the stream with the link, also when it cannot open it. */
static enum oac_status open_wave(const struct oac_registry_request *request,
                                 struct oac_link *link, struct oac_err *err)
{
    const struct oac_modem_options options = {0};
    struct oac_stream stream;
    if (oac_waveform_open(request->rig, request->rig_hash, request->noise, request->seed, NULL,
                          &stream, err))
        return err->status;
    return oac_modem_open(&stream, &options, link, err);
}

#ifdef OAC_HAVE_LIBIIO
static enum oac_status open_iio(const struct oac_registry_request *request,
                                struct oac_link *link, struct oac_err *err)
{
    const struct oac_modem_options options = {0};
    struct oac_stream stream;
    if (oac_iio_stream_open(request->rig, request->rig_hash, request->uri, request->drive,
                            &stream, err))
        return err->status;
    return oac_modem_open(&stream, &options, link, err);
}
#else
static enum oac_status open_iio(const struct oac_registry_request *request,
                                struct oac_link *link, struct oac_err *err)
{
    (void)request;
    (void)link;
    return oac_fail(
        err, OAC_EUNSUPPORTED,
        "this oac was built without libiio: install libiio-dev, configure and build "
        "again");
}
#endif

static const struct oac_registry_row rows[] = {
    {"sim", "analytic simulation: exact mean and variance of every readout", open_sim},
    {"wave", "waveform simulation: sampled fields and currents through every component",
     open_wave},
    {"iio", "converter boards, real or virtual, through libiio (--uri)", open_iio},
};

#define ROW_COUNT (sizeof rows / sizeof rows[0])

const struct oac_registry_row *oac_registry_rows(size_t *count)
{
    *count = ROW_COUNT;
    return rows;
}

enum oac_status oac_registry_open(const char *name, const struct oac_registry_request *request,
                                  struct oac_link *link, struct oac_err *err)
{
    char known[200] = "";
    size_t used = 0;

    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].open(request, link, err);
        int n =
            snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", rows[i].name);
        used += n > 0 && (size_t)n < sizeof known - used ? (size_t)n : 0;
    }
    return oac_fail(err, OAC_ENOTFOUND, "no bench called '%s'; --on takes: %s", name, known);
}
