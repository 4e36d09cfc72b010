/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "hal/calrec.h"
#include "tests/support/tmpdir.h"

Test(calrec, a_curve_swings_from_one_to_its_extinction_over_vpi)
{
    const struct oac_curve curve = {4.0, 1.5, 0.01};
    cr_assert_float_eq(oac_curve_transmission(&curve, 1.5), 1.0, 1e-15);
    cr_assert_float_eq(oac_curve_transmission(&curve, 5.5), 0.01, 1e-15);
    cr_assert_float_eq(oac_curve_transmission(&curve, -2.5), 0.01, 1e-15);
    cr_assert_float_eq(oac_curve_transmission(&curve, 3.5), 0.505, 1e-15);
}

Test(calrec, voltage_is_the_inverse_of_transmission_on_both_sides)
{
    const struct oac_curve curve = {4.0, 1.5, 0.01};
    for (int i = 0; i <= 100; i++) {
        double t = 0.01 + 0.0099 * i;
        double rising_v = oac_curve_voltage(&curve, t, 0);
        double falling_v = oac_curve_voltage(&curve, t, 1);
        cr_assert(rising_v >= -2.5 - 1e-12 && rising_v <= 1.5 + 1e-12);
        cr_assert(falling_v >= 1.5 - 1e-12 && falling_v <= 5.5 + 1e-12);
        cr_assert_float_eq(oac_curve_transmission(&curve, rising_v), t, 1e-14);
        cr_assert_float_eq(oac_curve_transmission(&curve, falling_v), t, 1e-14);
    }
    cr_assert_float_eq(oac_curve_voltage(&curve, -1.0, 0), -2.5, 1e-12); /* clamped */
    cr_assert_float_eq(oac_curve_voltage(&curve, 7.0, 1), 1.5, 1e-12);
}

static struct oac_calrec *some_calrec(void)
{
    struct oac_err err;
    struct oac_calrec *calrec = NULL;
    cr_assert_eq(oac_calrec_create(3, &calrec, &err), OAC_OK);
    strcpy(calrec->origin, "measured");
    strcpy(calrec->device_id, "bench 7");
    calrec->last_slot0 = 0xfedcba9876543210u; /* needs all 64 bits */
    calrec->client = (struct oac_curve){5.0, 0.1, 0.001};
    for (size_t i = 0; i < 32; i++)
        calrec->rig_hash[i] = (uint8_t)(7 * i + 1);
    for (size_t k = 0; k < 3; k++)
        calrec->channel[k] = (struct oac_calrec_channel){
            .weight = {4.0 + (double)k, -0.3, 0.003},
            .gain_code = 11.0 / 3.0 + (double)k,
            .gain_minus_code = 3.5,
            .offset_code = -17.25,
            .dark_code_per_slot = 0.125,
            .gx_code_per_x = 1e-7,
            .offset_pair_code = 2.0,
            .dark_pair_code_per_slot = -0.5,
            .gx_pair_code_per_x = -1e-9,
            .noise_code = k == 1 ? NAN : 0.75,
        };
    return calrec;
}

Test(calrec, what_is_written_reads_back_bit_by_bit)
{
    struct oac_err err;
    char directory[OAC_TEST_DIR_BYTES], path[300];
    struct oac_calrec *calrec = some_calrec(), *read = NULL;
    oac_test_dir_make(directory);
    oac_test_dir_path(directory, "calibration.h5", path);
    cr_assert_eq(oac_calrec_write(calrec, path, "oac test", &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_calrec_read(path, &read, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(read->channels, 3);
    cr_assert_str_eq(read->origin, "measured");
    cr_assert_str_eq(read->device_id, "bench 7");
    cr_assert_eq(read->last_slot0, calrec->last_slot0);
    cr_assert_eq(memcmp(read->rig_hash, calrec->rig_hash, 32), 0);
    cr_assert_eq(memcmp(&read->client, &calrec->client, sizeof read->client), 0);
    cr_assert(isnan(read->channel[1].noise_code));
    read->channel[1].noise_code = calrec->channel[1].noise_code;
    cr_assert_eq(memcmp(read->channel, calrec->channel, 3 * sizeof *read->channel), 0);
    oac_calrec_destroy(read);
    oac_calrec_destroy(calrec);
    oac_test_dir_remove(directory);
}

Test(calrec, a_record_that_makes_no_sense_is_not_written)
{
    struct oac_err err;
    char directory[OAC_TEST_DIR_BYTES], path[300];
    oac_test_dir_make(directory);
    oac_test_dir_path(directory, "calibration.h5", path);
    struct oac_calrec *calrec = some_calrec();
    calrec->channel[2].weight.vpi_v = NAN;
    cr_assert_eq(oac_calrec_write(calrec, path, NULL, &err), OAC_EINVAL);
    cr_assert_neq(strstr(err.message, "weight_vpi_v[2] = nan"), NULL, "%s", err.message);
    cr_assert_eq(oac_test_dir_entries(directory), 0, "nothing half-written is left behind");
    oac_calrec_destroy(calrec);
    oac_test_dir_remove(directory);
}

Test(calrec, files_that_are_no_calibration_are_refused_by_name)
{
    struct oac_err err;
    char directory[OAC_TEST_DIR_BYTES], path[300];
    struct oac_calrec *read = NULL;
    oac_test_dir_make(directory);
    oac_test_dir_path(directory, "nonsense.h5", path);
    cr_assert_neq(oac_calrec_read(path, &read, &err), OAC_OK);
    oac_test_file_put(path, "this is no HDF5", 15);
    cr_assert_neq(oac_calrec_read(path, &read, &err), OAC_OK);
    cr_assert_neq(strstr(err.message, "nonsense.h5"), NULL, "%s", err.message);
    cr_assert_eq(read, NULL);
    cr_assert_eq(oac_calrec_create(0, &read, &err), OAC_EINVAL);
    oac_test_dir_remove(directory);
}
