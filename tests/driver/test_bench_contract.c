/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The contracts on boards: a virtual bench that is recorded, its recording, and hardware where OAC_BENCH_URI says
 * there is some. */
#ifdef OAC_HAVE_LIBIIO
#include <criterion/criterion.h>
#include <stdlib.h>

#include "driver/iio/stream.h"
#include "tests/driver/iio_fixture.h"
#include "tests/driver/recording_fixture.h"
#include "tests/support/link_contract.h"
#include "tests/support/need.h"
#include "tests/support/stream_contract.h"

static struct iio_fixture bench;
static struct recording_fixture fixture;

static enum oac_status open_recorded(void *context, struct oac_stream *stream,
                                     struct oac_err *err)
{
    (void)context;
    if (recording_fixture_recorder(&fixture, "iio", err) ||
        oac_iio_stream_open(&fixture.rig, fixture.hash, bench.uri, NULL, stream, err))
        return err->status;
    return oac_recorder_wrap(fixture.recorder, stream, err);
}

static void start(void)
{
    struct oac_err err;
    cr_assert_eq(recording_fixture_make(&fixture, "m2k-bench", OAC_NOISE_NONE, &err), OAC_OK,
                 "%s", err.message);
    const char *wrong = iio_fixture_open(&bench, OAC_NOISE_NONE, NULL, &err);
    cr_assert_null(wrong, "%s", wrong);
}

Test(bench_contract, a_recorded_virtual_bench_and_its_recording_keep_that_of_streams,
     .timeout = 240)
{
    struct oac_err err;
    struct oac_stream_contract contract = {.name = "iio", .open = open_recorded};
    start();
    oac_stream_contract_run(&contract);
    iio_fixture_kill(&bench);
    cr_assert_eq(recording_fixture_finish(&fixture, &err), OAC_OK, "%s", err.message);
    contract.name = "replay of iio";
    contract.open = recording_fixture_replay;
    contract.context = &fixture;
    contract.deterministic = false; /* a board's samples differ from play to play */
    oac_stream_contract_run(&contract);
    recording_fixture_remove(&fixture);
}

static enum oac_status open_recorded_link(void *context, struct oac_link *link,
                                          struct oac_err *err)
{
    const struct oac_modem_options options = {0};
    struct oac_stream stream;
    if (open_recorded(context, &stream, err))
        return err->status;
    return oac_modem_open(&stream, &options, link, err);
}

/* A replay answers equal requests in the order they were recorded, so it varies as the bench did. */
Test(bench_contract, a_recorded_virtual_bench_and_its_recording_keep_that_of_links,
     .timeout = 240)
{
    struct oac_err err;
    struct oac_link_contract contract = {
        .name = "iio", .open = open_recorded_link, .varies = true};
    start();
    oac_link_contract_run(&contract);
    iio_fixture_kill(&bench);
    cr_assert_eq(recording_fixture_finish(&fixture, &err), OAC_OK, "%s", err.message);
    contract.name = "replay of iio";
    contract.open = recording_fixture_replay_link;
    contract.context = &fixture;
    oac_link_contract_run(&contract);
    recording_fixture_remove(&fixture);
}

/* Whoever names a bench in OAC_BENCH_URI arms it. */
static const struct oac_drive armed = {.arm = true};

/* The rig that is set up there; m2k-bench unless OAC_BENCH_RIG names another. */
static enum oac_status open_hardware(void *context, struct oac_stream *stream,
                                     struct oac_err *err)
{
    const char *uri = context;
    return oac_iio_stream_open(&fixture.rig, fixture.hash, uri, &armed, stream, err);
}

static enum oac_status open_hardware_link(void *context, struct oac_link *link,
                                          struct oac_err *err)
{
    const struct oac_modem_options options = {0};
    struct oac_stream stream;
    if (open_hardware(context, &stream, err))
        return err->status;
    return oac_modem_open(&stream, &options, link, err);
}

Test(bench_contract, hardware_keeps_both, .timeout = 600)
{
    char *uri = getenv("OAC_BENCH_URI"), *rig = getenv("OAC_BENCH_RIG");
    struct oac_err err;
    if (!oac_test_asked(uri && uri[0], "no hardware: OAC_BENCH_URI does not name a bench"))
        return;
    cr_assert_eq(
        recording_fixture_make(&fixture, rig ? rig : "m2k-bench", OAC_NOISE_NONE, &err), OAC_OK,
        "%s", err.message);
    const struct oac_stream_contract contract = {
        .name = uri, .open = open_hardware, .context = uri};
    oac_stream_contract_run(&contract);
    const struct oac_link_contract links = {
        .name = uri, .open = open_hardware_link, .context = uri, .varies = true};
    oac_link_contract_run(&links);
    recording_fixture_remove(&fixture);
}
#else
typedef int oac_no_libiio;
#endif
