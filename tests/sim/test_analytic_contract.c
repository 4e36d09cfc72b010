/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The analytic engine keeps the link's contract on every shipped rig, silent and with all its noise. */
#include <criterion/criterion.h>

#include "sim/analytic.h"
#include "sim/noise.h"
#include "tests/support/link_contract.h"

struct simulated {
    const char *rig;
    uint32_t noise;
};

static enum oac_status open_simulated(void *context, struct oac_link *link, struct oac_err *err)
{
    const struct simulated *wanted = context;
    const uint8_t rig_hash[32] = {1, 2, 3};
    struct oac_rig rig;
    if (oac_rig_read(wanted->rig, NULL, 0, &rig, NULL, err))
        return err->status;
    return oac_analytic_open(&rig, rig_hash, wanted->noise, 42, link, err);
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

Test(analytic_contract, ideal_keeps_it)
{
    keeps_the_contract("ideal");
}

Test(analytic_contract, bench_100_keeps_it)
{
    keeps_the_contract("bench-100");
}

Test(analytic_contract, netcast_local_keeps_it)
{
    keeps_the_contract("netcast-local");
}

Test(analytic_contract, netcast_86km_keeps_it)
{
    keeps_the_contract("netcast-86km");
}

Test(analytic_contract, netcast_snspd_keeps_it)
{
    keeps_the_contract("netcast-snspd");
}

Test(analytic_contract, m2k_bench_keeps_it)
{
    keeps_the_contract("m2k-bench");
}
