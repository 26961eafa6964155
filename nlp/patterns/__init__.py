"""Word rules of the language stage, one TOML file a component; read by `nlp.rules` and `nlp.names`."""
