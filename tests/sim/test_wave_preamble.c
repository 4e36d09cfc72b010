/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the modem says when a simulated bench does not let it place the light in time. */
#include <criterion/criterion.h>
#include <string.h>

#include "hal/modem.h"
#include "sim/noise.h"
#include "sim/waveform/waveform.h"

/* An aperture that wanders by five slots: light is plainly there (contrast 14, 8 suffice), but not when. */
Test(wave_preamble, light_that_is_seen_but_not_placed_is_not_reported_as_dark)
{
    const char *sets[] = {"channels=2", "adc.jitter_s=1e-6"};
    const struct oac_modem_options options = {0};
    const uint8_t rig_hash[32] = {1, 2, 3};
    struct oac_err err = {.status = OAC_OK};
    struct oac_rig rig;
    struct oac_stream stream;
    struct oac_link link;
    cr_assert_eq(oac_rig_read("netcast-86km", sets, 2, &rig, NULL, &err), OAC_OK, "%s",
                 err.message);
    cr_assert_eq(oac_waveform_open(&rig, rig_hash, OAC_NOISE_ALL, 1, NULL, &stream, &err),
                 OAC_OK, "%s", err.message);
    cr_assert_eq(oac_modem_open(&stream, &options, &link, &err), OAC_EDEVICE);
    cr_expect(strstr(err.message, "is seen (contrast") && strstr(err.message, "slots only"),
              "%s", err.message);
    cr_expect_not(strstr(err.message, "laser"), "%s", err.message);
}
