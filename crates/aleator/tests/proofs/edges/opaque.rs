//! Functions that are called: what is known of their jumps.

use std::sync::Arc;

use aleator::distributions::Normal;
use aleator::graph::Graph;
use aleator::plan::{Plan, lints};
use aleator_engine::graph::{Derivative, External, ExternalFn};

/// The messages for f(θ, z) under reparameterization.
fn messages(derivative: Option<Derivative>) -> Vec<String> {
    let graph = Graph::new();
    let theta = graph.param("theta", 0.3);
    let z = graph.sample("z", Normal::new(0.0, 1.0));
    let function: Arc<ExternalFn> = Arc::new(|x, y| {
        y[0] = x[0][0] + x[1][0];
        Ok(())
    });
    let f = External { derivative, ..External::new("f", [], vec![0, 0], function) };
    graph.cost("cost", graph.engine().external(f, &[theta, z]));
    let pathwise = aleator::language::estimator_named("pathwise").unwrap();
    let plan = Plan::choose(&graph, &[Some(pathwise)], None).unwrap();
    lints(&graph, &plan).into_iter().map(|lint| lint.message).collect()
}

#[test]
fn a_function_jumps_only_where_it_says_so() {
    let known = |may_jump| Some(Derivative { may_jump, pull_backs: None });
    assert_eq!(messages(known(false)), Vec::<String>::new());
    let jumping = messages(known(true));
    assert!(
        jumping.iter().any(|text| text.contains("the function `f`") && text.contains("theta")),
        "{jumping:?}"
    );
    let black_box = messages(None);
    assert!(black_box.iter().any(|text| text.contains("black box `f` has no derivative")), "{black_box:?}");
}
