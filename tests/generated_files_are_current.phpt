--TEST--
Generated files: arginfo headers and package.xml are what their generators write
--EXTENSIONS--
clairon
--SKIPIF--
<?php
$source = getenv('CLAIRON_SOURCE');
if (!$source || !is_dir("$source/.git") && !is_file("$source/.git")) die('skip needs a clone');
?>
--FILE--
<?php
$source = getenv('CLAIRON_SOURCE');
foreach (['make-arginfo', 'make-package-xml'] as $generator) {
    $output = [];
    exec(escapeshellarg("$source/packaging/$generator") . ' --check 2>&1', $output, $status);
    // 77: the tools of a developer's machine are not there.
    echo $generator, ' ', $status === 77 || $status === 0 ? 'good' : implode("\n", $output), "\n";
}
?>
--EXPECT--
make-arginfo good
make-package-xml good
