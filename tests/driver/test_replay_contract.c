/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One contract for streams and one for links: kept by a bench while it is recorded, and by its recording. */
#include <criterion/criterion.h>

#include "tests/driver/recording_fixture.h"
#include "tests/support/link_contract.h"
#include "tests/support/stream_contract.h"

static void stream_keeps_it(const char *rig, uint32_t noise)
{
    struct recording_fixture f;
    struct oac_err err;
    cr_assert_eq(recording_fixture_make(&f, rig, noise, &err), OAC_OK, "%s", err.message);
    struct oac_stream_contract contract = {.name = rig,
                                           .open = recording_fixture_wave,
                                           .context = &f,
                                           .linear = noise == OAC_NOISE_NONE,
                                           .deterministic = true};
    oac_stream_contract_run(&contract);
    cr_assert_eq(recording_fixture_finish(&f, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_test_dir_entries(f.dir), 1, "the journal is gone");
    contract.open = recording_fixture_replay;
    oac_stream_contract_run(&contract);
    recording_fixture_remove(&f);
}

static void link_keeps_it(const char *rig, uint32_t noise)
{
    struct recording_fixture f;
    struct oac_err err;
    cr_assert_eq(recording_fixture_make(&f, rig, noise, &err), OAC_OK, "%s", err.message);
    struct oac_link_contract contract = {.name = rig,
                                         .open = recording_fixture_wave_link,
                                         .context = &f,
                                         .linear = noise == OAC_NOISE_NONE};
    oac_link_contract_run(&contract);
    cr_assert_eq(recording_fixture_finish(&f, &err), OAC_OK, "%s", err.message);
    contract.open = recording_fixture_replay_link;
    oac_link_contract_run(&contract);
    recording_fixture_remove(&f);
}

Test(replay_contract, streams_with_integrators_keep_it)
{
    stream_keeps_it("netcast-local", OAC_NOISE_NONE);
    stream_keeps_it("netcast-local", OAC_NOISE_ALL);
}

Test(replay_contract, streams_with_sampled_receivers_keep_it)
{
    stream_keeps_it("m2k-bench", OAC_NOISE_NONE);
    stream_keeps_it("m2k-bench", OAC_NOISE_ALL);
}

Test(replay_contract, streams_with_counters_keep_it)
{
    stream_keeps_it("netcast-snspd", OAC_NOISE_ALL);
}

Test(replay_contract, links_over_streams_keep_it)
{
    link_keeps_it("netcast-local", OAC_NOISE_NONE);
    link_keeps_it("netcast-local", OAC_NOISE_ALL);
    link_keeps_it("m2k-bench", OAC_NOISE_ALL);
}
