--TEST--
Clairon\Dispatcher: what a framework's subclass asks for: own listeners, interception, lines
--EXTENSIONS--
clairon
--FILE--
<?php
class Finding extends Clairon\Dispatcher
{
    public array $asked = [];

    protected function findListeners($eventName)
    {
        $this->asked[] = $eventName;

        return [...parent::findListeners($eventName), [fn () => 'added', false]];
    }

    public function refind()
    {
        $this->forgetPrepared();
    }
}

echo "findListeners() may call the parent's\n";
$d = new Finding();
$d->listen('a', fn () => 'a');
$d->listen('*', fn ($name) => "any {$name}");
$d->listen('Countable', fn () => 'interface');
echo json_encode([$d->dispatch('a'), $d->dispatch('a'), $d->asked]), "\n";
echo json_encode([$d->dispatch(new ArrayObject()), count($d->getListeners('a'))]), "\n";
$d->refind();
echo json_encode([$d->dispatch('a'), $d->asked]), "\n";

class Intercepting extends Clairon\Dispatcher
{
    public function only(?array $classes)
    {
        $this->intercept($classes);
    }

    public function all(bool $on)
    {
        $this->interceptAll($on);
    }

    protected function intercepted($event, $payload, $halt)
    {
        return ['intercepted', is_object($event) ? get_class($event) : $event, $payload, $halt, parent::intercepted($event, $payload, $halt)];
    }
}

echo "intercepted() gets all until it is said which\n";
$d = new Intercepting();
$d->listen('a', fn ($value = null) => $value);
echo json_encode([$d->dispatch('a', 1), $d->dispatch('a'), $d->until('a', [2])]), "\n";
$d->only([]);
echo json_encode([$d->dispatch('a', 1), $d->until('a', [2])]), "\n";
$d->only(['Countable', 'No\Such']);
echo json_encode([$d->dispatch(new ArrayObject()), $d->dispatch('a', [new ArrayObject()])[0], $d->dispatch('a', [3])]), "\n";
$d->all(true);
echo json_encode([$d->dispatch('a', 4)]), "\n";
$d->all(false);
echo json_encode([$d->dispatch('a', 4)]), "\n";

class Lines extends Clairon\Dispatcher
{
    public function within(bool $on)
    {
        $this->matchWithinLines($on);
    }
}

echo "patterns, over lines and within them\n";
$d = new Lines();
foreach (['*', 'a*', '*b', 'a*b', "*\n*", "a*\n*b", '*c*b', "a\n*"] as $pattern) {
    $d->listen($pattern, fn () => $pattern);
}
foreach ([false, true] as $on) {
    $d->within($on);
    foreach (['ab', "a\nb", "a.c\nb", "ac.c.b", "a\nc\nb", "\xff", "a\n", "\n"] as $name) {
        echo json_encode($name, JSON_PARTIAL_OUTPUT_ON_ERROR), ' ', json_encode($d->dispatch($name)), "\n";
    }
    var_dump($d->hasWildcardListeners("\xff"));
}
?>
--EXPECT--
findListeners() may call the parent's
[["a","any a","added"],["a","any a","added"],["a"]]
[["any ArrayObject","interface","added"],3]
[["a","any a","added"],["a","ArrayObject","a"]]
intercepted() gets all until it is said which
[["intercepted","a",1,false,[1]],["intercepted","a",[],false,[null]],["intercepted","a",[2],true,2]]
[[1],2]
[["intercepted","ArrayObject",[],false,[]],"intercepted",[3]]
[["intercepted","a",4,false,[4]]]
[[4]]
patterns, over lines and within them
"ab" ["*","a*","*b","a*b"]
"a\nb" ["*","a*","*b","a*b","*\n*","a*\n*b","a\n*"]
"a.c\nb" ["*","a*","*b","a*b","*\n*","a*\n*b","*c*b"]
"ac.c.b" ["*","a*","*b","a*b","*c*b"]
"a\nc\nb" ["*","a*","*b","a*b","*\n*","a*\n*b","*c*b","a\n*"]
null ["*"]
"a\n" ["*","a*","*\n*","a\n*"]
"\n" ["*","*\n*"]
bool(true)
"ab" ["*","a*","*b","a*b"]
"a\nb" ["*\n*","a*\n*b","a\n*"]
"a.c\nb" ["*\n*","a*\n*b"]
"ac.c.b" ["*","a*","*b","a*b","*c*b"]
"a\nc\nb" []
null []
"a\n" ["*\n*","a\n*"]
"\n" ["*\n*"]
bool(false)
