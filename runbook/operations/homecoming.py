"""failback, then verify: the last line that an operator reads is proof."""

from contextlib import nullcontext

from runbook.drill.report.recording import Recording
from runbook.errors import Drift, NotSo
from runbook.operations import failback, verify
from runbook.operations.run import Run


def bring_home(run: Run, record: Recording | None = None) -> None:
    """Bring the VIP home, alone or after a drill; NotSo when the pair is not healthy then, Drift in a dry run."""
    with (
        run.on_pair("failback") as (pair, report, target),
        record.of(target, report) if record else nullcontext() as recorder,
    ):
        if pair.dry:
            acts = failback.intended(pair)
            report.say("\n".join(f"would {act}" for act in acts) or "nothing to do")
            if acts:
                raise Drift
            return
        good = not failback.run(pair, report, recorder) or verify.seen_healthy(pair, report, quiet=run.json)
        if recorder:
            recorder.score(failback.verified(good))
    if not good:
        raise NotSo
