complete --keep-order --exclusive --command jelouctl --arguments "(COMPLETE=fish jelouctl -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
