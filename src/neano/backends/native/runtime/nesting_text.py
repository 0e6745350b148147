"""LLVM IR of the thread pool's knowledge of who takes part in a job: what such a thread calls runs alone, and is no caller.

A kernel may itself share work (a batch of products, each large enough for several threads). A thread that runs a piece has a mark
of its own (a value under a key of POSIX threads), so that it neither looks for workers nor counts among the Python threads that
call at the same time.

    @prepare.marks()        make the key, once a process (children of a fork inherit it)
    @takes.part()           whether this thread runs a piece
    @run.marked(...)        run a piece with the mark
"""

NESTING_TEXT = """
@key = internal global i64 0
@has.key = internal global i32 0
define internal void @prepare.marks() nounwind {
entry:
  %there = load i32, ptr @has.key
  %done = icmp ne i32 %there, 0
  br i1 %done, label %leave, label %make
make:
  %error = call i32 @pthread_key_create(ptr @key, ptr null)
  %good = icmp eq i32 %error, 0
  %has = zext i1 %good to i32
  store i32 %has, ptr @has.key
  br label %leave
leave:
  ret void
}

define internal i1 @takes.part() nounwind {
entry:
  %there = load i32, ptr @has.key
  %unknown = icmp eq i32 %there, 0
  br i1 %unknown, label %no, label %look
look:
  %key = load i64, ptr @key
  %value = call ptr @pthread_getspecific(i64 %key)
  %marked = icmp ne ptr %value, null
  ret i1 %marked
no:
  ret i1 false
}

define internal void @run.marked(ptr %kernel, ptr %args, i64 %from, i64 %to) nounwind {
entry:
  %there = load i32, ptr @has.key
  %known = icmp ne i32 %there, 0
  br i1 %known, label %marked, label %plain
marked:
  %key = load i64, ptr @key
  %set = call i32 @pthread_setspecific(i64 %key, ptr @key)
  call void %kernel(ptr %args, i64 %from, i64 %to)
  %unset = call i32 @pthread_setspecific(i64 %key, ptr null)
  ret void
plain:
  call void %kernel(ptr %args, i64 %from, i64 %to)
  ret void
}
declare i32 @pthread_key_create(ptr, ptr)
declare ptr @pthread_getspecific(i64)
declare i32 @pthread_setspecific(i64, ptr)
"""
