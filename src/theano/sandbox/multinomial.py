"""`theano.sandbox.multinomial`."""

from neano.random.from_uniform import ChoiceFromUniform, MultinomialFromUniform
