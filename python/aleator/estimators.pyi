# Written by python/write_stubs.
from typing import Any

from ._estimator import Estimator as Estimator

ALL: dict[str, type[Estimator]]

def option_type(option: dict[str, Any]) -> str: ...

__all__ = ["Estimator", "Enumeration", "ScoreFunction", "ReinforceLoo", "Arm", "Disarm", "Arms", "DisarmCategorical", "LocalExpectation", "MeasureValued", "PerturbationAnalysis", "UnorderedSet", "SumAndSample", "WithoutReplacement", "Nvil", "Vimco", "MuProp", "Rebar", "Relax", "Lax", "Pathwise", "StickingTheLanding", "DoublyReparameterized", "Antithetic", "QuasiMonteCarlo", "ImplicitReparameterization", "GeneralizedReparameterization", "RejectionReparameterization", "GumbelSoftmax", "StraightThrough", "StraightThroughGumbelSoftmax", "GumbelRao", "GappedStraightThrough", "DecoupledStraightThrough", "Fini", "Grpo", "ReinMax"]

class Enumeration(Estimator):
    """Enumeration: the exact sum over all outcomes; no variance."""

    def __init__(self) -> None: ...

class ScoreFunction(Estimator):
    """ScoreFunction: the cost times the gradient of the log-probability; the most general estimator, with the highest variance."""

    def __init__(self, *, baseline: float | str = ..., decay: float = ..., baseline_hidden: float = ...) -> None: ...

class ReinforceLoo(Estimator):
    """ReinforceLoo: the score function with the mean of the other samples as baseline."""

    def __init__(self) -> None: ...

class Arm(Estimator):
    """Arm: the difference of F over an antithetic pair of draws, times the noise that they share."""

    def __init__(self) -> None: ...

class Disarm(Estimator):
    """Disarm: the difference of F over an antithetic pair of draws, with their noise integrated out."""

    def __init__(self) -> None: ...

class Arms(Estimator):
    """Arms: leave-one-out over K mutually antithetic draws, corrected for their correlation."""

    def __init__(self) -> None: ...

class DisarmCategorical(Estimator):
    """DisarmCategorical: the difference of F over an antithetic pair of categorical draws, with their noise integrated out."""

    def __init__(self, *, variant: str = ...) -> None: ...

class LocalExpectation(Estimator):
    """LocalExpectation: the exact sum over the outcomes of one draw at a time, given the other draws."""

    def __init__(self) -> None: ...

class MeasureValued(Estimator):
    """MeasureValued: the difference of F at draws from the positive and the negative part of the distribution's derivative."""

    def __init__(self, *, most_coordinates: float = ...) -> None: ...

class PerturbationAnalysis(Estimator):
    """PerturbationAnalysis: F after a jump of one discrete draw to its neighbour, with the rate of the jump and the same noise."""

    def __init__(self, *, jumps: str = ...) -> None: ...

class UnorderedSet(Estimator):
    """UnorderedSet: a set of K distinct outcomes, each weighted by the probability that it was drawn first."""

    def __init__(self, *, baseline: str = ...) -> None: ...

class SumAndSample(Estimator):
    """SumAndSample: the exact sum over K - 1 outcomes, and one sample of the others."""

    def __init__(self, *, summed: str = ..., baseline: str = ...) -> None: ...

class WithoutReplacement(Estimator):
    """WithoutReplacement: K distinct outcomes, weighted by the inverse probability that they were included."""

    def __init__(self, *, baseline: str = ...) -> None: ...

class Nvil(Estimator):
    """Nvil: the score function with a learned, input-dependent baseline and a normalised signal."""

    def __init__(self, *, decay: float = ..., hidden: float = ...) -> None: ...

class Vimco(Estimator):
    """Vimco: for bounds log mean exp over copies: the score of a copy is multiplied by the contribution of the copy to the bound."""

    def __init__(self, *, mean: str = ...) -> None: ...

class MuProp(Estimator):
    """MuProp: the score function with a first-order expansion of F at the mean as control variate."""

    def __init__(self, *, linear: bool = ..., baseline: float | str = ..., decay: float = ..., baseline_hidden: float = ...) -> None: ...

class Rebar(Estimator):
    """Rebar: the score function with F at a conditional relaxation of the draw as control variate."""

    def __init__(self, *, temperature: float = ..., coefficient: float = ..., coupling: str = ..., relaxation: str = ..., baseline: float | str = ..., decay: float = ..., baseline_hidden: float = ..., tune: bool = ..., share_temperature: bool = ...) -> None: ...

class Relax(Estimator):
    """Relax: REBAR with a learned control variate; also for costs without a derivative."""

    def __init__(self, *, hidden: float = ..., use_cost: bool = ..., temperature: float = ..., coefficient: float = ..., coupling: str = ..., relaxation: str = ..., baseline: float | str = ..., decay: float = ..., baseline_hidden: float = ..., tune: bool = ..., share_temperature: bool = ...) -> None: ...

class Lax(Estimator):
    """Lax: the score function with a learned, pathwise differentiated control variate."""

    def __init__(self, *, hidden: float = ...) -> None: ...

class Pathwise(Estimator):
    """Pathwise: the derivative through the sample, written as a transform of noise."""

    def __init__(self) -> None: ...

class StickingTheLanding(Estimator):
    """StickingTheLanding: the pathwise derivative without the score of q, for costs that contain log_prob(z)."""

    def __init__(self) -> None: ...

class DoublyReparameterized(Estimator):
    """DoublyReparameterized: for bounds log mean exp over copies: the pathwise derivative with squared weights in place of the score of q."""

    def __init__(self) -> None: ...

class Antithetic(Estimator):
    """Antithetic: pathwise or score function with the noise of the samples in mirrored pairs u and 1 - u."""

    def __init__(self, *, gradient: str = ...) -> None: ...

class QuasiMonteCarlo(Estimator):
    """QuasiMonteCarlo: pathwise with the noise of the samples from the points of one scrambled Sobol net."""

    def __init__(self, *, scramble: str = ...) -> None: ...

class ImplicitReparameterization(Estimator):
    """ImplicitReparameterization: the derivative of the sample at a fixed value of its distribution function."""

    def __init__(self) -> None: ...

class GeneralizedReparameterization(Estimator):
    """GeneralizedReparameterization: the derivative through a transform that removes part of the dependence on theta, plus a score for the rest."""

    def __init__(self, *, transform: str = ...) -> None: ...

class RejectionReparameterization(Estimator):
    """RejectionReparameterization: the derivative through the accepted proposal of a rejection sampler, plus a score for the rest."""

    def __init__(self, *, augmentation: float = ...) -> None: ...

class GumbelSoftmax(Estimator):
    """GumbelSoftmax: the derivative through a continuous relaxation of the sample."""

    def __init__(self, *, temperature: float = ...) -> None: ...

class StraightThrough(Estimator):
    """StraightThrough: the hard sample forward, the derivative of its mean backward."""

    def __init__(self) -> None: ...

class StraightThroughGumbelSoftmax(Estimator):
    """StraightThroughGumbelSoftmax: the hard sample forward, the derivative of its relaxation backward."""

    def __init__(self, *, temperature: float = ...) -> None: ...

class GumbelRao(Estimator):
    """GumbelRao: straight-through Gumbel-softmax, with the mean derivative over relaxations that agree with the draw."""

    def __init__(self, *, temperature: float = ..., draws: float = ...) -> None: ...

class GappedStraightThrough(Estimator):
    """GappedStraightThrough: the hard sample forward, the derivative of a relaxation that the draw determines backward."""

    def __init__(self, *, temperature: float = ..., gap: float = ...) -> None: ...

class DecoupledStraightThrough(Estimator):
    """DecoupledStraightThrough: the hard sample at one temperature forward, the derivative of the mean at another backward."""

    def __init__(self, *, forward_temperature: float = ..., backward_temperature: float = ...) -> None: ...

class Fini(Estimator):
    """Fini: the count forward, the derivative of its mean with a weight that makes quadratic costs exact backward."""

    def __init__(self) -> None: ...

class Grpo(Estimator):
    """Grpo: the score function with the costs of a group of samples standardised by their own mean and spread."""

    def __init__(self, *, spread: str = ..., epsilon: float = ...) -> None: ...

class ReinMax(Estimator):
    """ReinMax: straight-through of second order: exact for quadratic costs of a one-hot draw."""

    def __init__(self, *, temperature: float = ...) -> None: ...
