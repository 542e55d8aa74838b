use super::*;

#[test]
fn every_rule_in_the_binary_compiles() {
    let errors: Vec<String> = Rules::embedded().check().iter().map(ToString::to_string).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert!(!Rules::embedded().slugs().is_empty());
}
