#include "tests/calibration/recovery.h"
Test(dbg, one)
{
    struct random_bench bench;
    struct oac_err err;
    struct oac_calibration *found;
    const struct oac_calibrate_options options = oac_calibrate_defaults();
    bench_open(&bench, "netcast-86km", 4, (uint64_t)atoi(getenv("SEED")));
    if (getenv("QUIET")) {
        bench_close(&bench);
        bench.rig.client_dac.inl_lsb *= atof(getenv("INL"));
        bench.rig.client_dac.dnl_lsb *= atof(getenv("DNL"));
        if (getenv("X"))
            bench.rig.demux.adjacent_db = bench.rig.demux.nonadjacent_db = 80;
        bench_open_rig(&bench, OAC_NOISE_ADC, 1);
    }
    cr_assert_eq(oac_calibrate_measure(&bench.link, &options, NULL, &found, &err), OAC_OK, "%s",
                 err.message);
    const struct oac_mzm *c = &bench.truth->channel[0].client;
    fprintf(
        stderr,
        "client truth %.3f %.3f %.5f found %.3f %.3f %.5f bias %.3f open %d -> T %.4f\n",
        c->vpi_v, c->vpeak_v, c->r, found->client.vpi_v, found->client.vpeak_v, found->client.r,
        found->client_bias_v, found->client_open,
        oac_mzm_transmission(c, -0.5 + 6.0 / 4095 * found->client_open + found->client_bias_v) /
            c->t_on);
    for (size_t k = 0; k < 4; k++) {
        const struct oac_mzm *w = &bench.truth->channel[k].weight;
        const struct oac_calibration_channel *h = &found->channel[k];
        fprintf(stderr,
                "w%zu truth %.4f %.4f %.5f found %.4f %.4f %.5f bias %.3f open %d T %.4f gain "
                "%.2f truth %.2f open %.2f chi2/dof %.2f out %zu\n",
                k, w->vpi_v, w->vpeak_v, w->r, h->weight.vpi_v, h->weight.vpeak_v, h->weight.r,
                h->weight_bias_v, found->weight_open[k],
                oac_mzm_transmission(w, -0.5 + 6.0 / 4095 * found->weight_open[k] +
                                            h->weight_bias_v) /
                    w->t_on,
                h->full_code, bench_gain(&bench, k, k), h->open_code,
                h->weight_fit.chi2 / h->weight_fit.dof, h->weight_fit.outliers);
        fprintf(stderr,
                "   vg %.5f+-%.5f vo %.2f-%.2f nl %.5f vrms %.5f bias %.5f dark %.2f %.2f "
                "bright %.2f %.2f drift %.3f bits %.2f client chi2 %.3f\n",
                h->vector_gain, h->vector_gain_sigma, h->vector_offset_code, h->offset_code,
                h->nonlinearity, h->verify_rms, h->verify_bias, h->dark_noise.white_code,
                h->dark_noise.sigma_code, h->bright_noise.white_code,
                h->bright_noise.sigma_code, h->bright_noise.drift_code_per_sqrt_window,
                h->bright_noise.effective_bits,
                found->client_fit->chi2 / found->client_fit->dof);
    }
    fprintf(stderr, "gain ratio-1 (1e-6):");
    for (size_t k = 0; k < 4; k++)
        fprintf(stderr, " %.1f",
                1e6 * (found->channel[k].full_code / bench_gain(&bench, k, k) - 1));
    for (int m = 0; m < 21; m++)
        fprintf(stderr, " %.2f", found->client_fit->estimate[14 + m]);
    fprintf(stderr, "\n late");
    for (size_t k = 0; k < 4; k++)
        fprintf(stderr, " %.5f (%.5f)", found->channel[k].late_slots,
                (bench.truth->channel[k].delay_s + bench.truth->channel[k].predelay_s -
                 bench.rig.timing.skew_s) *
                    bench.rig.slot_rate_hz);
    fprintf(stderr, "windows %llu slots %llu bench %.3f s launched %.3g J photons %.3g\n",
            (unsigned long long)found->spent.windows, (unsigned long long)found->spent.slots,
            found->spent.bench_s, found->spent.launched_j, found->spent.detected_photons);
}
