<?php

// The demo has no commands of its own: clairon:start and clairon:install come with the package.
