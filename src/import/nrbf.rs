//! .NET's binary serialization (MS-NRBF), as far as Exchange's certificates use it.

/// How many classes may stand inside each other.
const MAXIMUM_DEPTH: usize = 32;
/// How many objects a stream may hold: a certificate has about ten, and they are searched one by one.
const MAXIMUM_OBJECTS: usize = 512;
/// How many members their classes may have together, and how many values they: a certificate has about fifty.
const MAXIMUM_VALUES: usize = 4096;

/// Why bytes are no such serialization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) byte: usize,
    pub(super) expected: &'static str,
}

/// A stream that was read: its objects, by number.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    root: i32,
    objects: Vec<(i32, Item<'a>)>,
    /// The members of all classes, and the values of all objects, which stand in a row: a list for each would be slow.
    members: Vec<(&'a [u8], Type)>,
    values: Vec<Item<'a>>,
}

/// An object, or a value of a member or an element, which is no object but refers to one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item<'a> {
    Null,
    /// A boolean, or an integer of any size.
    Number(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
    /// A primitive that is nothing of these.
    Other,
    Reference(i32),
    /// The elements of an array.
    Array(Slice),
    /// The members of an object, and their values.
    Object(Slice, Slice),
}

/// Some of the members or values that stand in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice {
    first: usize,
    count: usize,
}

#[derive(Clone, Copy, Debug)]
enum Type {
    Primitive(u8),
    /// A record follows.
    Record,
}

/// Reads a stream, signed or not.
pub(super) fn read(bytes: &[u8]) -> Result<Graph<'_>, Malformed> {
    let (bytes, offset) = unsigned(bytes)?;
    // Room for what a certificate has.
    let mut reader = NrbfReader {
        whole: bytes.len(),
        rest: bytes,
        wrong: Malformed { byte: 0, expected: "" },
        graph: Graph {
            root: 0,
            objects: Vec::with_capacity(16),
            members: Vec::with_capacity(32),
            values: Vec::with_capacity(40),
        },
    };
    match reader.stream() {
        Some(()) => Ok(reader.graph),
        None => Err(Malformed { byte: reader.wrong.byte + offset, ..reader.wrong }),
    }
}

/// The stream inside the wrapper that signed serialization puts around it, and where it begins.
fn unsigned(bytes: &[u8]) -> Result<(&[u8], usize), Malformed> {
    const MARK: &[u8] = b"#sig#";
    let Some(rest) = bytes.strip_prefix(MARK) else {
        return Ok((bytes, 0));
    };
    let start = MARK.len() + 4;
    let inner = rest.split_first_chunk().and_then(|(length, rest)| {
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        rest.get(..length)
    });
    let expected = "after #sig# a length that fits and as many bytes";
    inner.map(|inner| (inner, start)).ok_or(Malformed { byte: MARK.len(), expected })
}

impl<'a> Graph<'a> {
    /// A member of the object that the stream is about.
    pub(super) fn member(&self, name: &str) -> Option<Item<'a>> {
        self.member_of(self.object(self.root)?, name)
    }

    /// A member of an object, with a reference followed.
    fn member_of(&self, item: Item<'a>, name: &str) -> Option<Item<'a>> {
        let Item::Object(members, values) = item else { return None };
        let index = members.of(&self.members).iter().position(|(member, _)| *member == name.as_bytes())?;
        match *values.of(&self.values).get(index)? {
            // An object is never a reference itself, so that one step is enough.
            Item::Reference(object) => self.object(object),
            value => Some(value),
        }
    }

    /// The integer of an enumeration.
    pub(super) fn enumeration(&self, name: &str) -> Option<i64> {
        match self.member_of(self.member(name)?, "value__")? {
            Item::Number(value) => Some(value),
            _ => None,
        }
    }

    /// Calls this with every text in a list that is a member; nothing where there is none.
    pub(super) fn each_text(&self, name: &str, found: &mut dyn FnMut(&'a str)) -> Option<()> {
        let (Item::Array(items) | Item::Object(_, items)) = self.member(name)? else { return None };
        let mut open = vec![items];
        let mut followed = Vec::with_capacity(16);
        while let Some(items) = open.pop() {
            for item in items.of(&self.values) {
                let item = match item {
                    Item::Reference(object) if followed.contains(object) => continue,
                    Item::Reference(object) => {
                        followed.push(*object);
                        self.object(*object)
                    }
                    item => Some(*item),
                };
                match item {
                    Some(Item::Text(text)) => found(text),
                    Some(Item::Array(items) | Item::Object(_, items)) => open.push(items),
                    _ => {}
                }
            }
        }
        Some(())
    }

    fn object(&self, number: i32) -> Option<Item<'a>> {
        self.objects.iter().find_map(|(object, item)| (*object == number).then_some(*item))
    }
}

impl Slice {
    fn of<T>(self, all: &[T]) -> &[T] {
        all.get(self.first..).and_then(|all| all.get(..self.count)).unwrap_or_default()
    }
}

/// What reads returns nothing where something is wrong, and says beside it what: a result that may hold an error does not
/// fit into the processor's registers, and there is one for every byte.
struct NrbfReader<'a> {
    whole: usize,
    rest: &'a [u8],
    wrong: Malformed,
    graph: Graph<'a>,
}

/// What a record came to.
enum Record<'a> {
    Item(Item<'a>),
    /// So many nulls in one record.
    Nulls(usize),
    /// Something that is no value: a library.
    WithoutValue,
    End,
}

impl<'a> NrbfReader<'a> {
    fn stream(&mut self) -> Option<()> {
        let expected = "the header of a binary serialization";
        if self.byte(expected)? != 0 {
            return self.wrong_at(0, expected);
        }
        self.graph.root = self.i32(expected)?;
        self.take(12, expected)?;
        while !matches!(self.record(0)?, Record::End) {}
        Some(())
    }

    fn record(&mut self, depth: usize) -> Option<Record<'a>> {
        let start = self.at();
        if depth > MAXIMUM_DEPTH {
            return self.wrong_at(start, "no deeper nesting");
        }
        let item = match self.byte("a record")? {
            1 => {
                let object = self.i32("an object's number")?;
                let like = self.i32("the number of an object of the same class")?;
                let Some(Item::Object(members, _)) = self.graph.object(like) else {
                    return self.wrong_at(start, "an object of a class that came before");
                };
                self.values(object, members, depth)?
            }
            record @ (4 | 5) => {
                let object = self.i32("an object's number")?;
                let members = self.class(record == 5)?;
                self.values(object, members, depth)?
            }
            6 => {
                let object = self.i32("an object's number")?;
                let text = self.text()?;
                self.keep(object, Item::Text(text))?
            }
            7 => self.array(depth)?,
            9 => Item::Reference(self.i32("a reference")?),
            10 => Item::Null,
            11 => return Some(Record::End),
            12 => {
                self.i32("a library's number")?;
                self.name()?;
                return Some(Record::WithoutValue);
            }
            13 => return Some(Record::Nulls(self.byte("a number of nulls")?.into())),
            14 => return Some(Record::Nulls(self.length("a number of nulls")?)),
            15 => {
                let object = self.i32("an object's number")?;
                let length = self.length("the length of an array")?;
                let primitive = self.byte("a primitive type")?;
                let item = self.primitives(length, primitive)?;
                self.keep(object, item)?
            }
            17 => {
                let object = self.i32("an object's number")?;
                let length = self.length("the length of an array")?;
                self.elements(object, length, depth)?
            }
            _ => return self.wrong_at(start, "a record of a type that Exchange writes"),
        };
        Some(Record::Item(item))
    }

    /// A value where a record stands for one; libraries may come before it.
    fn value(&mut self, depth: usize) -> Option<Item<'a>> {
        loop {
            let start = self.at();
            match self.record(depth + 1)? {
                Record::Item(item) => return Some(item),
                Record::Nulls(1) => return Some(Item::Null),
                Record::WithoutValue => {}
                Record::Nulls(_) | Record::End => return self.wrong_at(start, "one value"),
            }
        }
    }

    fn class(&mut self, has_library: bool) -> Option<Slice> {
        self.name()?;
        let count = self.length("a number of members")?;
        let first = self.graph.members.len();
        if first.saturating_add(count) > MAXIMUM_VALUES {
            return self.wrong("no more than 4096 members");
        }
        for _ in 0..count {
            let name = self.name()?;
            self.graph.members.push((name, Type::Record));
        }
        for (index, kind) in self.take(count, "the types of the members")?.iter().enumerate() {
            let of = self.member_type(*kind)?;
            if let Some((_, member)) = self.graph.members.get_mut(first + index) {
                *member = of;
            }
        }
        if has_library {
            self.i32("a library's number")?;
        }
        Some(Slice { first, count })
    }

    fn member_type(&mut self, kind: u8) -> Option<Type> {
        match kind {
            0 => return Some(Type::Primitive(self.byte("a primitive type")?)),
            1 | 2 | 5 | 6 => {}
            3 => {
                self.name()?;
            }
            4 => {
                self.name()?;
                self.i32("a library's number")?;
            }
            7 => {
                self.byte("a primitive type")?;
            }
            _ => return self.wrong("a type of member"),
        }
        Some(Type::Record)
    }

    fn values(&mut self, object: i32, members: Slice, depth: usize) -> Option<Item<'a>> {
        let values = self.room(members.count)?;
        let item = self.keep(object, Item::Object(members, values))?;
        for index in 0..members.count {
            let value = match self.graph.members.get(members.first + index) {
                Some((_, Type::Primitive(primitive))) => self.primitive(*primitive)?,
                _ => self.value(depth)?,
            };
            self.put(values, index, value);
        }
        Some(item)
    }

    /// Makes room for so many values; those of objects inside come after them.
    fn room(&mut self, count: usize) -> Option<Slice> {
        let first = self.graph.values.len();
        let end = first.saturating_add(count);
        if end > MAXIMUM_VALUES {
            return self.wrong("no more than 4096 values");
        }
        self.graph.values.resize(end, Item::Null);
        Some(Slice { first, count })
    }

    fn put(&mut self, values: Slice, index: usize, value: Item<'a>) {
        if let Some(slot) = self.graph.values.get_mut(values.first + index) {
            *slot = value;
        }
    }

    fn array(&mut self, depth: usize) -> Option<Item<'a>> {
        let object = self.i32("an object's number")?;
        let shape = self.byte("the shape of an array")?;
        let rank = self.length("the rank of an array")?;
        if shape > 5 || rank == 0 || rank > 32 {
            return self.wrong("an array of a known shape and of 1 to 32 dimensions");
        }
        let mut length = 1_usize;
        for _ in 0..rank {
            length = length.saturating_mul(self.length("the length of an array")?);
        }
        if shape >= 3 {
            self.take(rank * 4, "the bounds of an array")?;
        }
        let kind = self.byte("the type of the elements")?;
        match self.member_type(kind)? {
            Type::Primitive(primitive) => {
                let item = self.primitives(length, primitive)?;
                self.keep(object, item)
            }
            Type::Record => self.elements(object, length, depth),
        }
    }

    fn elements(&mut self, object: i32, length: usize, depth: usize) -> Option<Item<'a>> {
        let values = self.room(length)?;
        let item = self.keep(object, Item::Array(values))?;
        let mut index = 0;
        while index < length {
            let start = self.at();
            index += match self.record(depth + 1)? {
                Record::Item(value) => {
                    self.put(values, index, value);
                    1
                }
                Record::Nulls(count) if count <= length - index => count,
                Record::WithoutValue => 0,
                Record::Nulls(_) | Record::End => {
                    return self.wrong_at(start, "no more and no fewer elements than the array has");
                }
            };
        }
        Some(item)
    }

    /// An array of primitives, of which bytes alone are of use.
    fn primitives(&mut self, length: usize, primitive: u8) -> Option<Item<'a>> {
        if primitive == 2 {
            return Some(Item::Bytes(self.take(length, "as many bytes as the array has")?));
        }
        let Some(size) = size_of_primitive(primitive) else { return self.wrong("a primitive type of a known size") };
        self.take(length.saturating_mul(size), "as many elements as the array has")?;
        Some(Item::Other)
    }

    fn primitive(&mut self, primitive: u8) -> Option<Item<'a>> {
        if primitive == 17 {
            return Some(Item::Null);
        }
        if matches!(primitive, 5 | 18) {
            return Some(Item::Text(self.text()?));
        }
        let Some(size) = size_of_primitive(primitive) else { return self.wrong("a primitive type of a known size") };
        let bytes = self.take(size, "a primitive value")?;
        let unsigned = bytes.iter().rev().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        let shift = u32::try_from(64 - size * 8).unwrap_or(0);
        Some(match primitive {
            // The shifts carry the sign of a shorter integer upwards.
            7..=10 => Item::Number((unsigned.cast_signed() << shift) >> shift),
            1 | 2 | 14..=16 => i64::try_from(unsigned).map_or(Item::Other, Item::Number),
            _ => Item::Other,
        })
    }

    fn keep(&mut self, object: i32, item: Item<'a>) -> Option<Item<'a>> {
        if self.graph.objects.len() >= MAXIMUM_OBJECTS {
            return self.wrong("no more than 512 objects");
        }
        self.graph.objects.push((object, item));
        Some(Item::Reference(object))
    }

    fn text(&mut self) -> Option<&'a str> {
        let start = self.at();
        let bytes = self.name()?;
        std::str::from_utf8(bytes).ok().or_else(|| self.wrong_at(start, "a text of UTF-8"))
    }

    /// The bytes of a text with its length before it, seven bits a byte.
    fn name(&mut self) -> Option<&'a [u8]> {
        let start = self.at();
        let expected = "a text with its length before it";
        let mut length = 0_usize;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte(expected)?;
            length |= usize::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return self.take(length, expected);
            }
        }
        self.wrong_at(start, expected)
    }

    fn length(&mut self, expected: &'static str) -> Option<usize> {
        let start = self.at();
        usize::try_from(self.i32(expected)?).ok().or_else(|| self.wrong_at(start, expected))
    }

    fn i32(&mut self, expected: &'static str) -> Option<i32> {
        let Some((bytes, rest)) = self.rest.split_first_chunk() else { return self.wrong(expected) };
        self.rest = rest;
        Some(i32::from_le_bytes(*bytes))
    }

    fn byte(&mut self, expected: &'static str) -> Option<u8> {
        let Some((byte, rest)) = self.rest.split_first() else { return self.wrong(expected) };
        self.rest = rest;
        Some(*byte)
    }

    fn take(&mut self, length: usize, expected: &'static str) -> Option<&'a [u8]> {
        let Some((taken, rest)) = self.rest.split_at_checked(length) else { return self.wrong(expected) };
        self.rest = rest;
        Some(taken)
    }

    /// The byte that is read next.
    fn at(&self) -> usize {
        self.whole - self.rest.len()
    }

    fn wrong<T>(&mut self, expected: &'static str) -> Option<T> {
        self.wrong_at(self.at(), expected)
    }

    #[cold]
    fn wrong_at<T>(&mut self, byte: usize, expected: &'static str) -> Option<T> {
        self.wrong = Malformed { byte, expected };
        None
    }
}

/// The bytes of a primitive; nothing for those whose size varies.
fn size_of_primitive(primitive: u8) -> Option<usize> {
    Some(match primitive {
        1 | 2 | 10 => 1,
        7 | 14 => 2,
        8 | 11 | 15 => 4,
        6 | 9 | 12 | 13 | 16 => 8,
        _ => return None,
    })
}
