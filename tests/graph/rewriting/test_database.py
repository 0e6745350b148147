"""Databases: names, tags, positions and queries, as Theano's programs use them."""

import pytest

from graph.rewriting.tiny import neg, number
from neano.graph.fgraph import FunctionGraph
from neano.graph.rewriting.database import EquilibriumDB, LocalGroupDB, ProxyDB, Query, SequenceDB, TopoDB, query_of
from neano.graph.rewriting.driver import Equilibrium
from neano.graph.rewriting.merge import MergeRewriter
from neano.graph.rewriting.rewriters import graph_rewriter, rewriter


def named(name):
    @rewriter(neg, name=name)
    def nothing(node):
        return None

    return nothing


def inner_database():
    inner = EquilibriumDB(name="inner")
    inner.register("first", named("first"), "fast", "slow")
    inner.register("second", named("second"), "slow")
    inner.register("third", named("third"), "other")
    return inner


def names(equilibrium):
    return [str(r) for r in equilibrium.rewriters]


def test_queries_by_tags():
    inner = inner_database()
    assert names(inner.query("+slow")) == ["first", "second"]
    assert names(inner.query("+slow", "-first")) == ["second"]
    assert names(inner.query("+slow", "+third", "&other")) == ["third"]
    assert names(inner.query("+inner")) == ["first", "second", "third"]
    assert names(inner.query(Query(["fast", "third"]))) == ["first", "third"]


def test_query_is_a_value():
    query = Query(include=["a", None]).including("b").excluding("c").requiring("d")
    assert (query.include, query.exclude, query.require) == ({"a", "b"}, {"c"}, {"d"})
    assert query == query_of("+a", "+b", "-c", "&d")
    assert hash(query) == hash(query_of("+b", "+a", "-c", "&d"))
    with pytest.raises(ValueError):
        query_of("a")


def test_sequences_run_by_position_and_query_what_is_inside():
    outer = SequenceDB()
    outer.register("merge2", MergeRewriter(), 10, "slow")
    outer.register("inner", inner_database(), 1, "slow", "fast")
    outer.register("merge1", MergeRewriter(), 0, "slow", "fast")
    passes = outer.query("+slow")
    assert [type(p) for p in passes] == [MergeRewriter, Equilibrium, MergeRewriter]
    assert names(passes[1]) == ["first", "second"]
    assert names(outer.query("+fast")[1]) == ["first"]
    assert len(outer.query(Query(["slow"], position_cutoff=5))) == 2
    assert names(outer.query(Query(["slow"], subquery={"inner": Query(["third"])}))[1]) == ["third"]
    assert len(outer.query(Query(["slow"]).register((named("extra"), 5)))) == 4


def test_members_have_unique_names_and_can_be_found():
    inner = inner_database()
    with pytest.raises(ValueError):
        inner.register("first", named("first"))
    with pytest.raises(TypeError):
        inner.register("text", "not a rewriter")
    assert str(inner["second"]) == "second"
    assert str(inner["other"]) == "third"
    with pytest.raises(KeyError):
        inner["slow"]


def test_tags_can_be_changed_and_the_version_tells():
    outer, inner = SequenceDB(), inner_database()
    outer.register("inner", inner, 1, "slow")
    version = outer.version
    inner.add_tags("third", "slow")
    inner.remove_tags("first", "slow")
    assert names(inner.query("+slow")) == ["second", "third"]
    assert outer.version > version


def test_a_group_takes_the_first_answer_in_order_of_positions():
    group = LocalGroupDB()

    @rewriter(neg)
    def never(node):
        raise AssertionError

    @rewriter(neg)
    def drop(node):
        return [node.inputs[0]]

    group.register("never", never, "tag")
    group.register("drop", drop, "tag", position=0)
    x = number("x")
    graph = FunctionGraph([x], [neg(x)])
    TopoDB(ProxyDB(group)).query("+tag").rewrite(graph)
    assert graph.outputs == graph.inputs


def test_phases_go_on_after_a_failure(caplog):
    done = []

    @graph_rewriter
    def fails(fgraph):
        raise KeyError("broken phase")

    @graph_rewriter
    def works(fgraph):
        done.append(fgraph)

    outer = SequenceDB()
    outer.register("fails", fails, 1, "run")
    outer.register("works", works, 2, "run")
    outer.query("+run").rewrite(FunctionGraph([], []))
    assert len(done) == 1
    assert "broken phase" in caplog.text
