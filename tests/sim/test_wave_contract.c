/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The waveform engine, behind the modem, keeps the link's contract on every shipped rig, silent and with all its
 * noise. */
#include <criterion/criterion.h>

#include "hal/modem.h"
#include "sim/noise.h"
#include "sim/waveform/waveform.h"
#include "tests/support/link_contract.h"

struct simulated {
    const char *rig;
    uint32_t noise;
};

static enum oac_status open_simulated(void *context, struct oac_link *link, struct oac_err *err)
{
    const struct simulated *wanted = context;
    const uint8_t rig_hash[32] = {1, 2, 3};
    const struct oac_modem_options options = {0};
    struct oac_rig rig;
    struct oac_stream stream;
    if (oac_rig_read(wanted->rig, NULL, 0, &rig, NULL, err) ||
        oac_waveform_open(&rig, rig_hash, wanted->noise, 42, NULL, &stream, err))
        return err->status;
    return oac_modem_open(&stream, &options, link, err);
}

static void keeps_the_contract(const char *rig)
{
    struct simulated silent = {rig, OAC_NOISE_NONE}, noisy = {rig, OAC_NOISE_ALL};
    struct oac_link_contract contract = {rig, open_simulated, &silent, true, false};
    oac_link_contract_run(&contract);
    contract.context = &noisy;
    contract.linear = false;
    oac_link_contract_run(&contract);
}

Test(wave_contract, ideal_keeps_it)
{
    keeps_the_contract("ideal");
}

Test(wave_contract, bench_100_keeps_it)
{
    keeps_the_contract("bench-100");
}

Test(wave_contract, netcast_local_keeps_it)
{
    keeps_the_contract("netcast-local");
}

Test(wave_contract, netcast_86km_keeps_it)
{
    keeps_the_contract("netcast-86km");
}

Test(wave_contract, netcast_snspd_keeps_it)
{
    keeps_the_contract("netcast-snspd");
}

Test(wave_contract, m2k_bench_keeps_it)
{
    keeps_the_contract("m2k-bench");
}

Test(wave_contract, fmcomms_bench_keeps_it)
{
    keeps_the_contract("fmcomms-bench");
}
