/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/registry.h"

#include <stdio.h>
#include <string.h>

#include "driver/iio/stream.h"
#include "driver/recording/recorder.h"
#include "driver/recording/replay.h"
#include "hal/modem.h"
#include "hal/stream.h"
#include "sim/analytic.h"
#include "sim/noise.h"
#include "sim/waveform/waveform.h"

static enum oac_status open_sim(const struct oac_registry_request *request,
                                struct oac_link *link, struct oac_err *err)
{
    if (request->recorder)
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "--on sim has no samples to record: record --on wave or --on iio");
    return oac_analytic_open(request->rig, request->rig_hash, request->noise, request->seed,
                             link, err);
}

/* The modem closes the stream with the link, also when it cannot open it. */
static enum oac_status open_modem(const struct oac_registry_request *request,
                                  struct oac_stream *stream, struct oac_link *link,
                                  struct oac_err *err)
{
    const struct oac_modem_options options = {0};
    if (request->recorder && oac_recorder_wrap(request->recorder, stream, err))
        return err->status;
    return oac_modem_open(stream, &options, link, err);
}

static enum oac_status open_wave(const struct oac_registry_request *request,
                                 struct oac_link *link, struct oac_err *err)
{
    struct oac_stream stream;
    if (oac_waveform_open(request->rig, request->rig_hash, request->noise, request->seed, NULL,
                          &stream, err))
        return err->status;
    return open_modem(request, &stream, link, err);
}

#ifdef OAC_HAVE_LIBIIO
static enum oac_status open_iio(const struct oac_registry_request *request,
                                struct oac_link *link, struct oac_err *err)
{
    struct oac_stream stream;
    if (oac_iio_stream_open(request->rig, request->rig_hash, request->uri, request->drive,
                            &stream, err))
        return err->status;
    return open_modem(request, &stream, link, err);
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

static enum oac_status open_replay(const struct oac_registry_request *request,
                                   struct oac_link *link, struct oac_err *err)
{
    char noise[64];
    struct oac_stream stream;
    if (request->recorder)
        return oac_fail(err, OAC_EUSAGE,
                        "--on replay plays a recording: record a bench instead");
    oac_noise_format(request->noise, noise);
    const struct oac_replay_request wanted = {request->rig_hash, request->rig_text, noise,
                                              request->seed};
    if (!request->uri || !request->uri[0])
        return oac_fail(err, OAC_EUSAGE,
                        "no recording to replay: give --uri FILE, as made with --record FILE");
    if (oac_replay_open(request->uri, &wanted, &stream, err))
        return err->status;
    return open_modem(request, &stream, link, err);
}

static const struct oac_registry_row rows[] = {
    {"sim", "analytic simulation: exact mean and variance of every readout", open_sim},
    {"wave", "waveform simulation: sampled fields and currents through every component",
     open_wave},
    {"iio", "converter boards, real or virtual, through libiio (--uri)", open_iio},
    {"replay", "what was recorded with --record, without the bench (--uri FILE)", open_replay},
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
